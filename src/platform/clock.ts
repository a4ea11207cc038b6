import { setTimeout as timeout } from 'node:timers/promises';

/** Where waiting code gets its time from, so that a test can let 72 hours pass at once. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds; rejects with the signal's reason when that aborts first. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    try {
      await timeout(milliseconds, undefined, signal ? { signal } : {});
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
};

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

let second = NaN;
let text = '';

/** RFC 3339 text of a time, to the millisecond. Thousands of log lines share a second: only its fraction is made anew. */
export function timestamp(milliseconds: number): string {
  const whole = Math.floor(milliseconds / 1000);
  if (whole !== second) {
    second = whole;
    text = new Date(whole * 1000).toISOString().slice(0, 20);
  }
  return `${text}${String(milliseconds - whole * 1000).padStart(3, '0')}Z`;
}
