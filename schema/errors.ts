/** The closed list of error codes. Each facade has one table from these to its own spelling. */
export const codes = [
  'INVALID',
  'UNPROCESSABLE',
  'TOO_LARGE',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'GONE',
  'CONFLICT',
  'PRECONDITION_FAILED',
  'QUOTA_EXCEEDED',
  'RATE_LIMITED',
  'UNSUPPORTED',
  'BACKEND_FAILED',
  'BACKEND_UNAVAILABLE',
  'BACKEND_TIMEOUT',
  'UNAVAILABLE',
  'CANCELLED',
  'INTERNAL',
] as const;

export type Code = (typeof codes)[number];

/** What an error may carry beside its sentence; everything here is shown to the caller. */
export interface ErrorDetail {
  /** Which part of the input was wrong: a parameter, a header, or a JSON path in the body. */
  readonly at?: string;
  /** Zero-based character offset of the fault inside `at`. */
  readonly position?: number;
  /** Seconds after which a repeat may succeed. */
  readonly retryAfter?: number;
  /** Id of the object that is there already. */
  readonly existing?: string;
  /** Further faults of the same input, a sentence each. */
  readonly faults?: readonly string[];
}

/** The only error that reaches a caller as it is; everything else becomes INTERNAL with its message withheld. */
export class Fault extends Error {
  readonly code: Code;
  readonly detail: ErrorDetail;

  constructor(code: Code, message: string, detail: ErrorDetail = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Fault';
    this.code = code;
    this.detail = detail;
  }
}

/** Bad input: what was wrong, where, and at which character. */
export function invalid(message: string, at?: string, position?: number): Fault {
  return new Fault('INVALID', message, {
    ...(at === undefined ? {} : { at }),
    ...(position === undefined ? {} : { position }),
  });
}

/** What nobody foresaw, its message withheld from the caller. */
export function internal(cause: unknown): Fault {
  return new Fault('INTERNAL', 'An internal error; the operator finds it in the log by the request id.', {}, cause);
}

/** The one sentence for an object that is absent or another tenant's: byte-equal in both cases. */
export function notFound(object: string, id: string): Fault {
  return new Fault('NOT_FOUND', `There is no ${object} '${id}'.`);
}
