import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '#schema/errors.js';
import type { Caller } from '../operations/gate.js';
import type { Admission } from './admission.js';
import { atEndOfTurn } from './at-end-of-turn.js';
import { allowOrigin, type Cors } from './cors.js';
import type { Refuses } from './foreign-pages.js';
import { otherMethod } from './methods.js';
import { answered, mayAsk } from './pipeline.js';
import { refuseAs } from './refuse-as.js';
import { sendProblem } from './rest/problem.js';
import { exchangeOf, withRequestIds } from './request-id.js';

/** Answers a request of an identified caller; `undefined` answers are somebody else's. */
export type Serve = (request: IncomingMessage, response: ServerResponse, caller: Caller) => void;

export interface EdgeParts {
  readonly admission: Admission;
  readonly cors: Cors;
  readonly urlBytes: number;
  /** Whom to refuse before anything else is asked; absent where every caller has a token. */
  readonly refuses?: Refuses | undefined;
  /** Answers paths that need no principal (health, pages); false when the path is none of these. */
  open(request: IncomingMessage, response: ServerResponse): boolean;
  readonly serve: Serve;
}

const everyMethod: readonly string[] = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS'];

/** What stands in front of node:http and Express alike, so that it exists once. */
export function edge(parts: EdgeParts): (request: IncomingMessage, response: ServerResponse) => void {
  const { admission } = parts;
  // One function for all responses, not a closure for each.
  function closed(this: ServerResponse): void {
    answered(this);
    const exchange = exchangeOf(this)!;
    exchange.bytes ??= Number(this.getHeader('content-length') ?? 0);
    if (!this.writableFinished) exchange.caller?.left();
    const { req: request, headersSent, statusCode } = this;
    admission.end(exchange, { request, method: request.method ?? '', status: headersSent ? statusCode : 499 });
  }
  const answer = atEndOfTurn((response: ServerResponse) => {
    const { req: request } = response;
    // It may have gone since.
    if (request.socket.destroyed) return;
    if (!allowOrigin(parts.cors, request, response)) return;
    const foreign = parts.refuses?.(request);
    if (foreign) return refuseAs(request, response, foreign);
    // Asked of the gateway as a whole (RFC 9110 9.3.7).
    if (request.url === '*') return void otherMethod(request, response, everyMethod);
    if (request.url!.length > parts.urlBytes)
      return sendProblem(response, { status: 414, detail: `The URI is longer than ${parts.urlBytes} bytes.` });
    if (parts.open(request, response)) return;
    const overload = admission.overload();
    if (overload) return refuseAs(request, response, overload);
    const known = admission.identify(request.socket, request.headers.authorization);
    if (known instanceof Fault) return refuseStranger(request, response, known);
    const caller = admission.admit(exchangeOf(response)!, known);
    if (caller instanceof Fault) return refuseAs(request, response, caller);
    parts.serve(request, response, caller);
  });
  return withRequestIds((_request, response) => {
    if (!mayAsk(response)) return;
    response.on('close', closed);
    answer(response);
  });
}

/** Who goes on without a valid token loses the connection too. */
function refuseStranger(request: IncomingMessage, response: ServerResponse, fault: Fault): void {
  if (fault.code === 'RATE_LIMITED') response.shouldKeepAlive = false;
  refuseAs(request, response, fault);
}
