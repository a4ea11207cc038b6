import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Exchange } from './exchange.js';

/** Ids of requests: the caller's own if it is a plain token, else ours (random prefix per process and a counter). */
export function requestIds(): (given: string | string[] | undefined) => string {
  const prefix = randomBytes(6).toString('hex');
  let count = 0;
  return (given) => {
    if (typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given)) return given;
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}

export const requestIdHeader = 'X-Request-Id';

const exchange = Symbol('exchange');
type Noted = ServerResponse & { [exchange]?: Exchange };

/**
 * The id is noted on the response instead of set as a header: a response without set headers takes node's fast way through
 * writeHead. Whoever writes the head adds it.
 */
export function requestIdOf(response: ServerResponse): string {
  return exchangeOf(response)?.requestId ?? '';
}

export function exchangeOf(response: ServerResponse): Exchange | undefined {
  return (response as Noted)[exchange];
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** Gives every request its id before anybody handles it. */
export function withRequestIds(handle: Handle): Handle {
  const nextId = requestIds();
  return (request, response) => {
    (response as Noted)[exchange] = new Exchange(nextId(request.headers['x-request-id']));
    handle(request, response);
  };
}

/** Notes the length of the body, which node does not tell afterwards. */
export function noteBytes(response: ServerResponse, length: number): void {
  const noted = exchangeOf(response);
  if (noted) noted.bytes = length;
}
