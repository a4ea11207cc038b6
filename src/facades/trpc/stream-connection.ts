import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Principal } from '../../access/principal.js';
import type { LiveConnection } from '../live/connections.js';

/** A response that tRPC streams into. A stream that it ends itself is over for its client; one that is cut off is resumed. */
export class StreamConnection implements LiveConnection {
  readonly socket: Socket;
  readonly principal: Principal;
  readonly authorization: string | undefined;
  readonly answer: ServerResponse;
  #onBeat: (() => void) | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, principal: Principal) {
    this.socket = request.socket;
    this.authorization = request.headers.authorization;
    this.principal = principal;
    this.answer = response;
  }

  onBeat(then: () => void): void {
    this.#onBeat = then;
  }

  /** tRPC pings by itself, and the listener cuts off a connection on which nothing moves. */
  beat(): boolean {
    this.#onBeat?.();
    return true;
  }

  revoked(): void {
    this.answer.destroy();
  }

  goAway(): void {
    this.answer.destroy();
  }
}
