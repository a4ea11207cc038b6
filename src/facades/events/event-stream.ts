import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { formatPosition } from '#schema/position.js';
import type { Seat, Sink, Told } from '#subscriptions/live/stream.js';
import type { Principal } from '../../access/principal.js';
import type { LiveConnection } from '../live/connections.js';
import { Outlet, type Backlog } from '../live/outlet.js';
import { noteBytes } from '../request-id.js';

/** How long a client that is sent away may take to read what was written for it, milliseconds. */
const farewell = 2000;
/** After how long a client comes back, milliseconds. */
const retry = 1000;

/** One answer of Server-Sent Events (HTML standard 9.2), from its head to its end. */
export class EventStream implements LiveConnection, Sink<string> {
  readonly socket: Socket;
  readonly principal: Principal;
  readonly authorization: string | undefined;
  readonly answer: ServerResponse;
  readonly #outlet: Outlet;
  #seat: Seat | undefined;
  /** Of the body so far. */
  #bytes = 0;

  constructor(request: IncomingMessage, response: ServerResponse, principal: Principal, backlog: Backlog) {
    this.socket = request.socket;
    this.principal = principal;
    this.authorization = request.headers.authorization;
    this.answer = response;
    this.#outlet = new Outlet(this.socket, backlog);
  }

  /** Tells where it begins, so that who is cut off before anything happened loses nothing either. */
  begin(seat: Seat): void {
    this.#seat = seat;
    this.#write(`retry: ${retry}\n${this.#reached()}\n`);
  }

  take(told: readonly Told<string>[]): number {
    return this.#open ? this.#outlet.write(told, ({ what }) => this.#write(what)) : told.length;
  }

  whenRoom(then: () => void): void {
    this.#outlet.whenRoom(then);
  }

  end(): void {
    this.answer.end();
    setTimeout(() => this.answer.writableFinished || this.socket.destroy(), farewell).unref();
  }

  /**
   * A comment, and how far this client has come: a filter that nothing meets must not let its place grow old. Nothing for who
   * has not taken what there is: the listener cuts off a connection on which nothing moves.
   */
  beat(): boolean {
    if (this.socket.writableLength === 0) this.#write(`:\n${this.#reached()}\n`);
    return true;
  }

  revoked(): void {
    this.end();
  }

  goAway(): void {
    this.end();
  }

  get #open(): boolean {
    return !this.answer.destroyed && !this.answer.writableEnded;
  }

  /** An id without data is kept by the client, and told to nobody. */
  #reached(): string {
    const position = this.#seat!.position();
    return position ? `id: ${formatPosition(position)}\n` : '';
  }

  #write(text: string): void {
    if (!this.#open) return;
    this.answer.write(text);
    noteBytes(this.answer, (this.#bytes += Buffer.byteLength(text)));
  }
}
