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
    socket.on('drain', () => {
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      for (const then of waiting) then();
    });
  }

  get room(): boolean {
    return this.#socket.writableLength < this.#backlog;
  }

  /** Calls back once when what was written has been taken; all streams of a connection wait together. */
  whenRoom(then: () => void): void {
    if (this.room) setImmediate(then);
    else this.#waiting.add(then);
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
}
