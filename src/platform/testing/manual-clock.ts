import type { Clock } from '../clock.js';

/** A clock that stands still until it is told to go on. */
export interface ManualClock extends Clock {
  /** Lets time pass; sleepers wake in order, and what they do next at that time is done too. */
  advance(milliseconds: number): Promise<void>;
}

export function manualClock(start = 0): ManualClock {
  let now = start;
  const sleepers = new Set<{ readonly at: number; wake(): void }>();
  // Continuations of a sleeper are microtasks; they may sleep again before the target is reached.
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    now: () => now,
    settled: () => now,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const leave = () => {
          sleepers.delete(sleeper);
          reject(signal!.reason as Error);
        };
        const wake = () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', leave);
          resolve();
        };
        const sleeper = { at: now + milliseconds, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', leave, { once: true });
      }),
    async advance(milliseconds) {
      const target = now + milliseconds;
      await settle();
      for (let next = earliest(sleepers); next && next.at <= target; next = earliest(sleepers)) {
        now = Math.max(now, next.at);
        next.wake();
        await settle();
      }
      now = target;
    },
  };
}

function earliest<T extends { readonly at: number }>(all: Iterable<T>): T | undefined {
  let first: T | undefined;
  for (const each of all) if (!first || each.at < first.at) first = each;
  return first;
}
