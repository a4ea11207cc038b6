import { Fault } from '#schema/errors.js';
import type { Position } from '#schema/position.js';

/**
 * How a place lies to a reader of the log: it has come there, or not yet, or has found another entry there, or is past it and
 * does not remember what it found.
 */
export type Standing = 'reached' | 'ahead' | 'other' | 'passed';

/** Who waits has written: to be told when to come back would be to repeat it. */
export const lostInFailover = new Fault(
  'UNAVAILABLE',
  'The store lost this change in a failover; read the object again.',
);

/** A moment at most: the log is looked at every second. */
export const readAnew = new Fault('UNAVAILABLE', 'The store lost changes in a failover, and is read anew.', {
  retryAfter: 1,
});

interface Waiter {
  readonly position: Position;
  resolve(): void;
  reject(reason: unknown): void;
}

/** Who waits until the view has come to a position. */
export class Waiting {
  #waiters = new Set<Waiter>();

  /** Resolves when it is reached, or passed; rejects with the signal's reason, or `lostInFailover`. */
  until(position: Position, signal?: AbortSignal): Promise<void> {
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
      const waiter: Waiter = { position, resolve: left(resolve), reject: left(reject) };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiters.add(waiter);
    });
  }

  arrived(standing: (position: Position) => Standing): void {
    for (const waiter of this.#waiters) {
      const stands = standing(waiter.position);
      if (stands === 'reached' || stands === 'passed') waiter.resolve();
    }
  }

  /** Those who wait now. */
  all(): ReadonlySet<Waiter> {
    return new Set(this.#waiters);
  }

  /** The log has been read to its end since these began to wait, and what they wait for is not in it. */
  lost(waiters: ReadonlySet<Waiter>, isLost: (position: Position) => boolean): void {
    for (const waiter of waiters) if (isLost(waiter.position)) waiter.reject(lostInFailover);
  }
}
