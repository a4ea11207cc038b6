import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Ids of requests: the caller's own if it is a plain token, else ours (random prefix per process and a counter). */
function requestIds(): (given: string | string[] | undefined) => string {
  const prefix = randomBytes(6).toString('hex');
  let count = 0;
  return (given) => {
    if (typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given)) return given;
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}

export const requestIdHeader = 'X-Request-Id';

const id = Symbol('request id');
const bytes = Symbol('body bytes');
type Noted = ServerResponse & { [id]?: string; [bytes]?: number };

/**
 * Notes the id on the response instead of setting a header: a response without set headers takes node's fast way through
 * writeHead. Whoever writes the head adds it.
 */
function noteRequestId(response: ServerResponse, requestId: string): void {
  (response as Noted)[id] = requestId;
}

export function requestIdOf(response: ServerResponse): string {
  return (response as Noted)[id] ?? '';
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** Gives every request its id before anybody handles it. */
export function withRequestIds(handle: Handle): Handle {
  const nextId = requestIds();
  return (request, response) => {
    noteRequestId(response, nextId(request.headers['x-request-id']));
    handle(request, response);
  };
}

/** Notes the length of the body, which node does not tell afterwards. */
export function noteBytes(response: ServerResponse, length: number): void {
  (response as Noted)[bytes] = length;
}

export function bytesOf(response: ServerResponse): number {
  return (response as Noted)[bytes] ?? Number(response.getHeader('content-length') ?? 0);
}
