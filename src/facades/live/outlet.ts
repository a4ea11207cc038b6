import type { Socket } from 'node:net';

/**
 * A connection as live streams write to it: how much it has not taken yet, and when it takes more. Its socket, because a
 * response that was filled by many small pieces tells of no drain.
 */
export class Outlet {
  readonly #socket: Socket;
  readonly #backlog: number;
  readonly #waiting = new Set<() => void>();

  constructor(socket: Socket, backlog: number) {
    this.#socket = socket;
    this.#backlog = backlog;
  }

  get room(): boolean {
    return this.#socket.writableLength < this.#backlog;
  }

  /** Calls back once when what was written has been taken; all streams of a connection wait together. */
  whenRoom(then: () => void): void {
    if (this.room) return void setImmediate(then);
    // Only while somebody waits: many answers come and go on one connection.
    if (this.#waiting.size === 0) this.#socket.once('drain', () => this.#drained());
    this.#waiting.add(then);
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
