import { Fault } from '#schema/errors.js';
import type { Position } from '#schema/position.js';

interface Waiter {
  readonly seq: number;
  resolve(): void;
  reject(reason: unknown): void;
}

/** Who waits until the view has come to a position. */
export class Waiting {
  #waiters = new Set<Waiter>();

  /** Resolves when `arrived` is called with that position or a later one; rejects with the signal's reason. */
  until({ seq }: Position, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const leave = () => waiter.reject(signal!.reason);
      const left = <T>(then: (value: T) => void) => {
        return (value: T) => {
          this.#waiters.delete(waiter);
          signal?.removeEventListener('abort', leave);
          then(value);
        };
      };
      const waiter: Waiter = { seq, resolve: left(resolve), reject: left(reject) };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiters.add(waiter);
    });
  }

  arrived({ seq }: Position): void {
    for (const waiter of this.#waiters) if (waiter.seq <= seq) waiter.resolve();
  }

  /** Those who wait now. */
  all(): ReadonlySet<Waiter> {
    return new Set(this.#waiters);
  }

  /** The log ends at `head` now and does not hold what these wait for. */
  lost(waiters: ReadonlySet<Waiter>, head: Position): void {
    // Who waits has written: to be told when to come back would be to repeat it.
    const fault = new Fault('UNAVAILABLE', 'The store lost this change in a failover; read the object again.');
    for (const waiter of waiters) if (waiter.seq > head.seq) waiter.reject(fault);
  }
}
