import type { Socket } from 'node:net';

/** Of what one connection has not taken yet, bytes; less while many are open. */
export type Backlog = () => number;

/** What each may have at the least: less than that is taken at once by who reads at all. */
const leastPart = 65_536;

/** Connections have parts of one size of what may wait for all of them together. */
export function backlogOf(
  { backlog, untaken }: { readonly backlog: number; readonly untaken: number },
  open: () => number,
): Backlog {
  return () => Math.min(backlog, Math.max(leastPart, Math.floor(untaken / Math.max(1, open()))));
}

/**
 * A connection as live streams write to it: how much it has not taken yet, and when it takes more. Its socket, because a
 * response that was filled by many small pieces tells of no drain.
 */
export class Outlet {
  readonly #socket: Socket;
  readonly #backlog: Backlog;
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket, backlog: Backlog) {
    this.#socket = socket;
    this.#backlog = backlog;
  }

  get room(): boolean {
    return this.hasRoom(0);
  }

  /** Whether there is room for more when so many bytes have been written that are not yet. */
  hasRoom(beside: number): boolean {
    return this.#socket.writableLength + beside < this.#backlog();
  }

  /** Calls back once when what was written has been taken; all streams of a connection wait together. */
  whenRoom(then: () => void): void {
    if (this.room) return void setImmediate(then);
    // Only while somebody waits: many answers come and go on one connection.
    if (this.#waiting.size === 0) this.#socket.once('drain', () => this.#drained());
    this.#waiting.add(then);
  }

  /** Calls back once when for so many milliseconds nothing was taken of what waits to be. */
  whenStuck(milliseconds: number, then: () => void): void {
    let before = untaken(this.#socket);
    const look = setInterval(() => {
      const now = untaken(this.#socket);
      if (now === 0 || now !== before) return void (before = now);
      clearInterval(look);
      then();
    }, milliseconds);
    look.unref();
    this.#socket.once('close', () => clearInterval(look));
  }

  /** Writes what there is room for, in one piece for the kernel; answers how many. */
  write<T>(all: readonly T[], one: (what: T) => void): number {
    const several = all.length > 1;
    if (several) this.#socket.cork();
    let count = 0;
    for (; count < all.length && this.room; count += 1) one(all[count]!);
    if (several) this.#socket.uncork();
    return count;
  }

  #drained(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const then of waiting) then();
  }
}

interface Within {
  readonly _handle?: { readonly writeQueueSize?: number } | null;
  readonly _parent?: Within | null;
}

/**
 * 0 when nothing waits; another number whenever the system has taken something. Node says in public when a whole write is done,
 * which may be long; its handle, beneath TLS that of the connection, says how much of it is left.
 */
export function untaken(socket: Socket): number {
  const { _parent, _handle } = socket as Within;
  const left = (_parent?._handle ?? _handle)?.writeQueueSize ?? 0;
  return socket.writableLength && socket.writableLength + left;
}
