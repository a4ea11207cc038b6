import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { CloseCode } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Principal } from '../../access/principal.js';
import { TokenBuckets } from '../../platform/token-buckets.js';
import type { LiveConnection } from '../live/connections.js';
import { Outlet } from '../live/outlet.js';

const serviceRestart = 1012;
const policyViolation = 1008;
/** How long a client has to answer a close, milliseconds. */
const farewell = 2000;

/** One WebSocket, from its upgrade to its end. */
export class LiveSocket implements LiveConnection {
  readonly socket: Socket;
  readonly request: IncomingMessage;
  readonly outlet: Outlet;
  readonly #ws: WebSocket;
  readonly #buckets = new TokenBuckets();
  principal: Principal | undefined;
  authorization: string | undefined;
  #alive = true;

  constructor(ws: WebSocket, request: IncomingMessage, backlog: number) {
    this.#ws = ws;
    this.request = request;
    this.socket = request.socket;
    this.outlet = new Outlet(request.socket, backlog);
    ws.on('pong', () => (this.#alive = true));
    // It is closed all the same; the client has broken the protocol, and was told how.
    ws.on('error', () => undefined);
  }

  get open(): boolean {
    return this.#ws.readyState === this.#ws.OPEN;
  }

  send(text: string): void {
    if (this.open) this.#ws.send(text);
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason);
    setTimeout(() => this.#ws.terminate(), farewell).unref();
  }

  /** Counts a message of the client; false, and the connection closed, when there are too many. */
  charge(perSecond: number): boolean {
    if (this.#buckets.take('', 1, perSecond, 10 * perSecond) === 1) return true;
    this.close(policyViolation, 'Too many messages');
    return false;
  }

  beat(): boolean {
    if (!this.#alive) return false;
    this.#alive = false;
    this.#ws.ping();
    return true;
  }

  revoked(): void {
    this.close(CloseCode.Forbidden, 'Forbidden');
  }

  goAway(): void {
    this.close(serviceRestart, 'The gateway goes away; connect again and resume.');
  }
}
