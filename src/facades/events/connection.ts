import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Principal } from '../../access/principal.js';
import type { LiveConnection } from '../live/connections.js';

/** A response that does not end by itself. Clients come back when it does, and say where they were. */
export class EventConnection implements LiveConnection {
  readonly socket: Socket;
  readonly principal: Principal;
  readonly authorization: string | undefined;
  readonly answers = true;
  readonly #response: ServerResponse;
  /** What had not been taken at the last beat. */
  #left = 0;

  constructor(request: IncomingMessage, response: ServerResponse, principal: Principal) {
    this.socket = request.socket;
    this.authorization = request.headers.authorization;
    this.principal = principal;
    this.#response = response;
  }

  /** A comment; nobody answers it, but who has taken nothing since the last one is not there. */
  beat(): boolean {
    const { bytesWritten, writableLength } = this.socket;
    const taken = bytesWritten - writableLength;
    if (writableLength > 0 && taken === this.#left) return false;
    this.#left = taken;
    this.#response.write(':\n\n');
    return true;
  }

  revoked(): void {
    this.#response.end();
  }

  goAway(): void {
    this.#response.end();
  }
}
