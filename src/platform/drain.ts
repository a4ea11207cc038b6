import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Acceptors } from './acceptors.js';

const lookEvery = 50;
/** Milliseconds; in a longer one a connection may have come behind our look. */
const shortTurn = 0.5;

/** Keeps the set of open sockets; a TLS connection is in it twice, raw and secured. */
export function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
}

/** Has every connection end with the answer that is being made on it. */
export function endWithAnswers(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) {
    const response = responseOn(socket);
    if (response && !response.headersSent) response.shouldKeepAlive = false;
  }
}

/**
 * Stops accepting, closes connections as they become idle, and destroys what is left after `graceMs`. Resolves when nothing is
 * open any more.
 */
export async function drain(
  server: Server,
  acceptors: Acceptors,
  sockets: ReadonlySet<Socket>,
  graceMs: number,
): Promise<void> {
  const closed = acceptors.close();
  endWithAnswers(sockets);
  // A connection whose answer had begun before stays open after it; nobody tells when it has become idle.
  const idle = setInterval(() => server.closeIdleConnections(), lookEvery);
  const end = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(end);
}

/** Resolves when nothing is open, after `ms` at the latest. */
export async function emptied(sockets: ReadonlySet<Socket>, ms: number): Promise<void> {
  const giveUp = performance.now() + ms;
  while (sockets.size > 0 && performance.now() < giveUp) await sleep(lookEvery);
}

/**
 * Resolves in a turn of the loop in which no connection waits to be accepted, after `ms` at the latest. The system resets those
 * that wait when the port is closed, and each socket of it accepts only one in a turn.
 */
export async function noneWaits(server: Server, ms: number): Promise<void> {
  const giveUp = performance.now() + ms;
  let came = true;
  const note = () => void (came = true);
  server.on('connection', note);
  await nextTurn();
  for (let began = 0; came || performance.now() - began > shortTurn;) {
    if (performance.now() > giveUp) break;
    came = false;
    began = performance.now();
    await nextTurn();
  }
  server.off('connection', note);
}

/** The response being made on a connection. Node keeps it there for the same purpose; keeping it ourselves costs every request. */
export function responseOn(socket: unknown): ServerResponse | undefined {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}
