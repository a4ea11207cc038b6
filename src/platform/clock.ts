import { setTimeout as timeout } from 'node:timers/promises';

/** Where waiting code gets its time from, so that a test can let 72 hours pass at once. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** The same for what is decided by how long ago something was: see `patient`. */
  settled(): number;
  /** Resolves after so many milliseconds; rejects with the signal's reason when that aborts first. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** By how much the system's clock may differ from time that has passed, and for how long it is not believed then, milliseconds. */
const leap = 60_000;
const believedAfter = 600_000;

/**
 * The system's clock, but that it leaps only ten minutes after it did. Where one leaps for a moment, as it may in a virtual
 * machine that is moved, whatever failed a while ago would have failed for days, and all of the log would be too old.
 * @internal
 */
export function patient(wall: () => number, passed: () => number): () => number {
  let ahead = wall() - passed();
  let leapt: number | undefined;
  return () => {
    const now = passed();
    const seen = wall() - now;
    if (Math.abs(seen - ahead) < leap) leapt = undefined;
    else leapt ??= now;
    if (leapt === undefined || now - leapt >= believedAfter) [ahead, leapt] = [seen, undefined];
    return Math.round(now + ahead);
  };
}

export const settledNow = patient(
  () => Date.now(),
  () => performance.now(),
);

export const systemClock: Clock = {
  now: () => Date.now(),
  settled: settledNow,
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
