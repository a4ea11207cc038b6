import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { CloseCode } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Principal } from '../../access/principal.js';
import { Fault } from '#schema/errors.js';
import { TokenBuckets } from '../../platform/token-buckets.js';
import { atEndOfTurn } from '../at-end-of-turn.js';
import type { LiveConnection } from '../live/connections.js';
import { Outlet, untaken, type Backlog } from '../live/outlet.js';
import { textFrame } from '../live/text-frame.js';
import { AnswerTurns } from './answer-turns.js';
import { newsOf, type Place } from './place.js';

const serviceRestart = 1012;
const policyViolation = 1008;
const tooLong = 1009;
/** How long a client has to answer a close, milliseconds. */
const farewell = 2000;
/**
 * Who has taken nothing for so long is waited for no more, milliseconds: Linux takes on when a third of its buffer is free, so
 * that the rest would not be taken in the 18 s of a planned stop either.
 */
const patience = 6000;
/** Of what was written and not taken, bytes: several of the longest answers. Who takes nothing at all is cut off. */
const mostUntaken = 64 * 1024 * 1024;

/** Beats that a ping may take behind what was not taken at once: the systems hold 10 MB, which is 5 min at 32 KB/s. */
const beatsBehind = 20;

/** Of messages that began streams which have not ended, bytes: twice `limits.graphql.documentBytes` as that is by itself. */
const mostKept = 128 * 1024;

export interface SocketLimits {
  readonly backlog: Backlog;
  readonly messageBytes: number;
  readonly messagesPerSecond: number;
}

/** Writes what the streams of a connection have said in one turn of the loop. */
const writtenTogether = atEndOfTurn((live: LiveSocket) => live.writeTogether());

/** One WebSocket, from its upgrade to its end. */
export class LiveSocket implements LiveConnection {
  readonly socket: Socket;
  readonly request: IncomingMessage;
  readonly outlet: Outlet;
  readonly turns: AnswerTurns;
  readonly requestId: string;
  /** Where it comes from: its socket forgets that with its end. */
  readonly address: string;
  principal: Principal | undefined;
  authorization: string | undefined;
  /** Whether it has said who it is, whoever that may be. */
  introduced = false;
  /** Length of the message that is being answered. */
  heard = 0;
  /** How many operations are open: begun, or about to be, and not ended by either side. */
  operations = (): number => 0;
  /** Of its streams, by the ids of their operations: a filter that nothing meets must not let them grow old. */
  readonly places = new Map<string, Place>();
  readonly #ws: WebSocket;
  readonly #buckets = new TokenBuckets();
  readonly #messagesPerSecond: number;
  #operations = 0;
  #kept = 0;
  #streams = 0;
  #together = false;
  #leaving = false;
  /** Of the last ping, until it was answered. */
  #challenge: Buffer | undefined;
  /** At the last beat. */
  #before = { done: 0, left: 0 };
  /** For how many beats more it may go unanswered. */
  #spare = 0;

  constructor(ws: WebSocket, request: IncomingMessage, requestId: string, limits: SocketLimits) {
    this.#ws = ws;
    this.request = request;
    this.requestId = requestId;
    this.socket = request.socket;
    this.address = request.socket.remoteAddress ?? '';
    this.outlet = new Outlet(request.socket, limits.backlog);
    this.turns = new AnswerTurns(this.outlet, limits.messageBytes);
    this.#messagesPerSecond = limits.messagesPerSecond;
    // Any other pong is said without having heard us, and counts as what clients say.
    ws.on('pong', (said) => {
      if (this.#challenge?.equals(said)) [this.#challenge, this.#spare] = [undefined, 0];
      else this.hears();
    });
    ws.on('ping', (said) => this.hears() && ws.pong(said));
    // It is closed all the same; the client has broken the protocol, and was told how.
    ws.on('error', () => undefined);
  }

  get open(): boolean {
    return this.#ws.readyState === this.#ws.OPEN;
  }

  /** The gateway goes away: what is under way is answered, nothing is begun, and streams are told no more. */
  get leaving(): boolean {
    return this.#leaving;
  }

  /**
   * What a message that began a stream takes for as long as that lasts, by graphql-ws too, whatever it is made of; answers how to
   * forget it. Throws RATE_LIMITED when the streams of this connection take too much.
   */
  keep(bytes: number): () => void {
    if (this.#kept + bytes > mostKept)
      throw new Fault(
        'RATE_LIMITED',
        `What the streams of one connection were asked with has at most ${mostKept} bytes.`,
      );
    this.#kept += bytes;
    this.#streams += 1;
    return () => {
      this.#kept -= bytes;
      this.#streams -= 1;
    };
  }

  /** Of one operation: the connection's and a number. */
  nextId(): string {
    this.#operations += 1;
    return `${this.requestId}.${this.#operations}`;
  }

  /** Calls back once it was taken, or never will be. */
  send(text: string, taken?: () => void): void {
    if (!this.open) return taken?.();
    if (this.socket.writableLength > mostUntaken) this.#ws.terminate();
    const frame = textFrame(text);
    if (frame === undefined) this.#ws.send(text, taken);
    else this.socket.write(frame, 'latin1', taken);
  }

  /** Sends what there is room for, in one write as far as it can be, with other streams of this turn; answers how many. */
  sendTogether<T>(all: readonly T[], textOf: (one: T) => string): number {
    let [count, frames] = [0, ''];
    // What waits for the end of the turn counts as not taken.
    if (this.#streams > 1 && !this.#together) {
      this.#together = true;
      this.socket.cork();
      writtenTogether(this);
    }
    const flush = () => {
      if (frames !== '') this.socket.write(frames, 'latin1');
      frames = '';
    };
    for (; count < all.length && this.outlet.hasRoom(frames.length); count += 1) {
      const text = textOf(all[count]!);
      const frame = textFrame(text);
      if (frame !== undefined) frames += frame;
      else {
        flush();
        this.#ws.send(text);
      }
    }
    flush();
    return count;
  }

  /** What waits for it in this turn. */
  writeTogether(): void {
    this.#together = false;
    this.socket.uncork();
  }

  close(code: number, reason: string): void {
    if (!this.open) return;
    this.#ws.close(code, reason);
    setTimeout(() => this.#ws.terminate(), farewell).unref();
  }

  /** Whether a message counts: not from who was sent away, nor from who says too much, which is sent away. */
  hears(): boolean {
    if (!this.open) return false;
    if (this.#buckets.take('', 1, this.#messagesPerSecond, 10 * this.#messagesPerSecond) === 1) return true;
    this.close(policyViolation, 'Too many messages');
    return false;
  }

  /**
   * Counts what comes until it is known who calls, whole messages or not: ws would keep fragments of one up to the longest that a
   * caller may send. Beyond so many bytes nothing more is read.
   */
  boundUntilKnown(bytes: number): void {
    let came = 0;
    const counted = (chunk: Buffer): void => {
      came += chunk.length;
      if (this.principal === undefined && came <= bytes) return;
      this.socket.off('data', counted);
      if (this.principal !== undefined) return;
      this.sayFirst();
      this.#ws.pause();
    };
    // Behind that of ws, which knows by then whether it was said.
    this.socket.on('data', counted);
  }

  /** Sends away who says much before it says who it is. */
  sayFirst(): void {
    this.close(tooLong, 'Say first who you are');
  }

  /** A ping would stand behind what waits to be taken: while that is so, who takes of it is there. */
  beat(): boolean {
    const { bytesWritten, writableLength } = this.socket;
    const [waits, before] = [untaken(this.socket), this.#before];
    // Of writes that are over, and of the one under way: what only waits is written too, as Node counts, and no sign of anybody.
    const [done, left] = [bytesWritten - writableLength, waits - writableLength];
    this.#before = { done, left };
    if (waits > 0) {
      this.#spare = beatsBehind;
      // Or it is kept for the end of this turn.
      return done !== before.done || left !== before.left || left === 0;
    }
    // It may still stand behind what the two systems hold.
    if (this.#challenge) return (this.#spare -= 1) >= 0;
    this.#challenge = randomBytes(8);
    this.#ws.ping(this.#challenge);
    const news = newsOf(this.places);
    if (news !== undefined) this.send(news);
    return true;
  }

  revoked(): void {
    this.close(CloseCode.Forbidden, 'Forbidden');
  }

  goAway(withinMs: number): void {
    this.#leaving = true;
    const leave = () => this.close(serviceRestart, 'The gateway goes away; connect again and resume.');
    setTimeout(leave, withinMs - farewell).unref();
    // Never idle is who takes no answers.
    this.outlet.whenStuck(patience, leave);
    // In a turn of its own, behind the end of the last answer.
    this.turns.whenIdle(() => setImmediate(leave));
  }
}
