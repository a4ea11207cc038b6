import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '#schema/errors.js';
import type { IdentifyPrincipal } from '../access/principal.js';
import { tooMany, type ChargeRate } from '../access/rate-limit.js';
import type { ChargeStranger } from '../access/strangers.js';
import type { Caller } from '../operations/gate.js';
import { allowOrigin, type Cors } from './cors.js';
import type { Refuses } from './foreign-pages.js';
import { otherMethod } from './methods.js';
import { refuseAs } from './refuse-as.js';
import { sendProblem } from './rest/problem.js';
import { exchangeOf, withRequestIds } from './request-id.js';
import { overloaded, type Load } from './shedding.js';

/** One finished request, for the access log and the metrics. */
export interface Served {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly principal: string;
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
  readonly milliseconds: number;
}

/** Answers a request of an identified caller; `undefined` answers are somebody else's. */
export type Serve = (request: IncomingMessage, response: ServerResponse, caller: Caller) => void;

export interface EdgeParts {
  readonly identify: IdentifyPrincipal;
  readonly charge: ChargeRate;
  readonly chargeStranger: ChargeStranger;
  readonly cors: Cors;
  readonly urlBytes: number;
  /** Whom to refuse before anything else is asked; absent where every caller has a token. */
  readonly refuses?: Refuses | undefined;
  readonly load: Load;
  /** Answers paths that need no principal (health, pages); false when the path is none of these. */
  open(request: IncomingMessage, response: ServerResponse): boolean;
  readonly serve: Serve;
  served(served: Served): void;
}

const everyMethod: readonly string[] = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS'];

/** What stands in front of node:http and Express alike, so that it exists once. */
export function edge(parts: EdgeParts): (request: IncomingMessage, response: ServerResponse) => void {
  // One function for all responses, not a closure for each.
  function closed(this: ServerResponse): void {
    parts.served(servedBy(this));
  }
  return withRequestIds((request, response) => {
    response.on('close', closed);
    if (!allowOrigin(parts.cors, request, response)) return;
    const foreign = parts.refuses?.(request);
    if (foreign) return refuseAs(request, response, foreign);
    // Asked of the gateway as a whole (RFC 9110 9.3.7).
    if (request.url === '*') return void otherMethod(request, response, everyMethod);
    if (request.url!.length > parts.urlBytes)
      return sendProblem(response, { status: 414, detail: `The URI is longer than ${parts.urlBytes} bytes.` });
    if (parts.open(request, response)) return;
    if (overloaded(parts.load))
      return refuseAs(
        request,
        response,
        new Fault('UNAVAILABLE', 'The gateway is overloaded; try again shortly.', { retryAfter: 1 }),
      );
    const known = parts.identify(request.socket, request.headers.authorization);
    if (!known) return refuseStranger(parts, request, response);
    const exchange = exchangeOf(response)!;
    exchange.principal = known.name;
    const wait = parts.charge(known.name);
    if (wait > 0) return refuseAs(request, response, tooMany(wait));
    parts.serve(request, response, new RequestCaller(response, known, exchange.requestId));
  });
}

function servedBy(response: ServerResponse): Served {
  const { requestId, principal, began, bytes } = exchangeOf(response)!;
  return {
    request: response.req,
    requestId,
    principal,
    status: response.headersSent ? response.statusCode : 499,
    bytes: bytes ?? Number(response.getHeader('content-length') ?? 0),
    milliseconds: performance.now() - began,
  };
}

/** Who goes on without a valid token loses the connection too. */
function refuseStranger({ chargeStranger }: EdgeParts, request: IncomingMessage, response: ServerResponse): void {
  const wait = chargeStranger(request.socket.remoteAddress ?? '');
  if (wait > 0) response.shouldKeepAlive = false;
  const fault = wait > 0 ? tooMany(wait) : new Fault('UNAUTHENTICATED', 'A valid bearer token is needed.');
  refuseAs(request, response, fault);
}

/**
 * The signal is made only when somebody asks for it: most answers are finished at once. A class, because every object literal
 * with a getter is a shape of its own to V8, which keeps its request alive until a full collection (measured: 3.6 kB each).
 */
class RequestCaller implements Caller {
  readonly principal: Caller['principal'];
  readonly requestId: string;
  /** The edge itself has charged it. */
  readonly charged = true;
  readonly #response: ServerResponse;
  #left: AbortController | undefined;

  constructor(response: ServerResponse, principal: Caller['principal'], requestId: string) {
    this.#response = response;
    this.principal = principal;
    this.requestId = requestId;
  }

  get signal(): AbortSignal {
    if (!this.#left) {
      const controller = (this.#left = new AbortController());
      // Who asks only now may have missed that the client left.
      if (this.#response.destroyed) controller.abort();
      this.#response.once('close', () => {
        if (!this.#response.writableFinished) controller.abort();
      });
    }
    return this.#left.signal;
  }
}
