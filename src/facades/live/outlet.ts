import type { Writable } from 'node:stream';

/** A connection as live streams write to it: how much it has not taken yet, and when it takes more. */
export class Outlet {
  readonly #writable: Writable;
  readonly #backlog: number;
  readonly #waiting = new Set<() => void>();

  constructor(writable: Writable, backlog: number) {
    this.#writable = writable;
    this.#backlog = backlog;
    writable.on('drain', () => {
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      for (const then of waiting) then();
    });
  }

  get room(): boolean {
    return this.#writable.writableLength < this.#backlog;
  }

  /** Calls back once when what was written has been taken; all streams of a connection wait together. */
  whenRoom(then: () => void): void {
    if (this.room) setImmediate(then);
    else this.#waiting.add(then);
  }

  /** Writes what there is room for, in one piece for the kernel; answers how many. */
  write<T>(all: readonly T[], one: (what: T) => void): number {
    this.#writable.cork();
    let count = 0;
    for (; count < all.length && this.room; count += 1) one(all[count]!);
    this.#writable.uncork();
    return count;
  }
}
