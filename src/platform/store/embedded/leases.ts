import type { Lease } from '../store.js';
import type { Database } from './database.js';

interface Held extends Lease {
  /** Monotonic clock, milliseconds. */
  until: number;
}

/**
 * Leases of this process. Only the epoch is on disk: whoever can open the file knows that every former holder is gone, so
 * holder and expiry live in memory and a renewal costs no write.
 */
export class Leases {
  readonly #database: Database;
  readonly #raise;
  readonly #held = new Map<string, Held>();

  constructor(database: Database) {
    this.#database = database;
    this.#raise = database.prepare<{ readonly epoch: number }>(
      'INSERT INTO leases VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1 RETURNING epoch',
    );
  }

  take(name: string, holder: string, ttl: number): Lease | undefined {
    const until = performance.now() + ttl;
    const held = this.#current(name);
    if (held && held.holder !== holder) return undefined;
    const epoch = held?.epoch ?? this.#database.transaction(() => this.#raise.get(name)!.epoch);
    this.#held.set(name, { name, holder, epoch, until });
    return { name, holder, epoch };
  }

  holds({ name, holder, epoch }: Lease): boolean {
    const held = this.#current(name);
    return held !== undefined && held.holder === holder && held.epoch === epoch;
  }

  release(lease: Lease): void {
    if (this.holds(lease)) this.#held.delete(lease.name);
  }

  #current(name: string): Held | undefined {
    const held = this.#held.get(name);
    return held && held.until > performance.now() ? held : undefined;
  }
}
