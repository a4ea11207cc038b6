import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { exchangeOf } from './request-id.js';

/** Requests of one connection that wait for their answers, which HTTP/1.1 gives in the same order. */
interface Pipeline {
  readonly waiting: Set<ServerResponse>;
  last?: ServerResponse;
  /** An answer that goes on until one of the two ends it. */
  endless?: ServerResponse | undefined;
  /** It asked too much: what is answered ends with `last`. */
  over?: boolean;
}

const most = 32;
const pipeline = Symbol('pipeline');
type Asking = Socket & { [pipeline]?: Pipeline };

/**
 * Whether a connection may ask for this too; if not, it is closed behind what it asked before. HTTP clients send one request after
 * the other: this one goes on asking without reading what was answered, or behind an answer that never ends, and is cut off.
 */
export function mayAsk(response: ServerResponse): boolean {
  const socket: Asking = response.req.socket;
  // Who waited for the gateway to start may have gone.
  if (socket.destroyed) return false;
  const asked = (socket[pipeline] ??= begun(socket));
  if (asked.over) return false;
  if (asked.endless || asked.waiting.size >= most) {
    end(socket, asked);
    return false;
  }
  asked.waiting.add(response);
  asked.last = response;
  return true;
}

/** With `Connection: close` in the last answer, where that is still to be given. */
function end(socket: Socket, asked: Pipeline): void {
  asked.over = true;
  const { last } = asked;
  if (asked.endless || !last || last.headersSent) socket.destroy();
  else last.shouldKeepAlive = false;
}

export function answered(response: ServerResponse): void {
  const asked = (response.req.socket as Asking)[pipeline]!;
  asked.waiting.delete(response);
  if (asked.endless === response) asked.endless = undefined;
}

/** Begins an answer without an end: no work in flight any more, and nothing may wait behind it. */
export function goesOn(response: ServerResponse): void {
  exchangeOf(response)?.leave();
  const { socket }: { readonly socket: Asking } = response.req;
  const asked = socket[pipeline];
  if (!asked) return;
  asked.endless = response;
  if (asked.last !== response) socket.destroy();
}

function begun(socket: Socket): Pipeline {
  const waiting = new Set<ServerResponse>();
  socket.once('close', () => {
    // Node tells nothing to those whose turn has not come.
    for (const response of waiting) if (!response.socket) response.destroy().emit('close');
  });
  return { waiting };
}
