/** Why a request is not done: a status, the API's word for it, a sentence. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
  }
}

const unknown = (what: string, id: string): Refusal => new Refusal(404, 'not-found', `There is no ${what} '${id}'.`);
export const conflict = (message: string): Refusal => new Refusal(409, 'conflict', message);
export const wrong = (message: string): Refusal => new Refusal(422, 'invalid', message);

/** What a path names. */
export function found<T>(state: T | undefined, what: string, id: string): T {
  if (state === undefined) throw unknown(what, id);
  return state;
}

/** What a body refers to. */
export function referred<T>(state: T | undefined, what: string, id: string): T {
  if (state === undefined) throw wrong(`'${what}' names '${id}', which is not there.`);
  return state;
}
