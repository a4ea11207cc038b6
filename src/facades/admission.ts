import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Fault } from '#schema/errors.js';
import type { IdentifyPrincipal, Principal } from '../access/principal.js';
import { tooMany, type ChargeRate } from '../access/rate-limit.js';
import type { ChargeStranger } from '../access/strangers.js';
import { EdgeCaller, type Exchange } from './exchange.js';
import { InFlight } from './in-flight.js';
import { overloaded, type Load } from './shedding.js';

/** One finished operation, for the access log and the metrics. */
export interface Served {
  /** The HTTP request that brought it, or the WebSocket that it came over. */
  readonly request: IncomingMessage;
  /** Of HTTP; on a WebSocket `WS-` and what kind of operation it was, `WS` where that is not known. */
  readonly method: string;
  readonly requestId: string;
  readonly principal: string;
  /** Undefined for who sees every tenant, and when it is not known who called. */
  readonly tenant: string | undefined;
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
  readonly milliseconds: number;
}

export interface AdmissionParts {
  readonly identify: IdentifyPrincipal;
  readonly charge: ChargeRate;
  readonly chargeStranger: ChargeStranger;
  readonly load: Load;
  /** Most operations of one principal under way at once. */
  readonly inFlightPerPrincipal: number;
  served(served: Served): void;
}

/** What every operation passes on its way in and out, whatever carries it: an HTTP request, or a message on a WebSocket. */
export interface Admission {
  /** Why nothing more is begun at present: UNAVAILABLE. */
  overload(): Fault | undefined;
  /** Who it is, if it is somebody: nobody is charged. */
  known(socket: Socket, authorization: string | undefined): Principal | undefined;
  /** Charges a stranger's address for a connection on which it did not say who it is; answers why it goes. */
  silent(remote: string): Fault;
  /** Who it is. A stranger is charged and UNAUTHENTICATED; RATE_LIMITED when it goes on, and should lose its connection. */
  identify(socket: Socket, authorization: string | undefined): Principal | Fault;
  /** Lets an exchange in as its caller's; RATE_LIMITED when that one asks too much, UNAVAILABLE when all together do. */
  admit(exchange: Exchange, principal: Principal): EdgeCaller | Fault;
  /** Ends an exchange, whether or not it was let in. */
  end(exchange: Exchange, how: Pick<Served, 'request' | 'method' | 'status'>): void;
}

/** Where callers without a token are let in, no token is known. */
const noneConfigured =
  'This token is unknown, as none is configured: send none, or list it under tokens (docs/configuration.md).';

export function admission(parts: AdmissionParts): Admission {
  const { load, inFlightPerPrincipal: most } = parts;
  const work = new InFlight(most, load);
  const overload = () => new Fault('UNAVAILABLE', 'The gateway is overloaded; try again shortly.', { retryAfter: 1 });
  return {
    overload() {
      return overloaded(load, work.all) ? overload() : undefined;
    },
    known: parts.identify,
    silent(remote) {
      const wait = parts.chargeStranger(remote);
      return wait > 0 ? tooMany(wait) : new Fault('UNAUTHENTICATED', 'It did not say who it is.');
    },
    identify(socket, authorization) {
      const known = parts.identify(socket, authorization);
      if (known) return known;
      const wait = parts.chargeStranger(socket.remoteAddress ?? '');
      if (wait > 0) return tooMany(wait);
      const open = parts.identify(socket, undefined) !== undefined;
      return new Fault('UNAUTHENTICATED', open ? noneConfigured : 'A valid bearer token is needed.');
    },
    admit(exchange, principal) {
      const caller = (exchange.caller = new EdgeCaller(principal, exchange.requestId));
      const wait = parts.charge(principal.name);
      if (wait > 0) return tooMany(wait);
      if (exchange.enter(work)) return caller;
      if (work.full) return overload();
      return new Fault('RATE_LIMITED', `${most} of your requests are under way already.`, { retryAfter: 1 });
    },
    end(exchange, { request, method, status }) {
      exchange.leave();
      const { requestId, principal, tenant, began, bytes = 0 } = exchange;
      const milliseconds = performance.now() - began;
      parts.served({ request, method, requestId, principal, tenant, status, bytes, milliseconds });
    },
  };
}
