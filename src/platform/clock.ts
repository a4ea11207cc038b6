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
