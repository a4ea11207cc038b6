import { describe, expect, test } from '@jest/globals';
import { healthy, type Outcome } from './course.js';
import { retryPolicy } from './policy.js';
import type { Entry } from '../log/recent.js';
import { Tries } from './tries.js';

const second = 1000;
const entry = (seq: number) => ({ change: { position: { seq, tag: 't' } } }) as Entry;
const refused: Outcome = { result: 'failed', error: 'Connection refused.' };
const taken: Outcome = { result: 'delivered', status: 204 };

/** Eight that were under way at once and failed at 0, the last of them with another outcome. */
function eightFailed(last = refused): Tries {
  const tries = new Tries(healthy, undefined);
  for (let seq = 1; seq <= 8; seq += 1) {
    tries.begin(entry(seq), () => new Promise(() => undefined));
    tries.decide(entry(seq), seq === 8 ? last : refused, { now: 0, random: 0.5 }, retryPolicy);
    tries.wait(entry(seq));
  }
  return tries;
}

/** The next of those that wait. */
function due(tries: Tries, now: number): Entry | undefined {
  return tries.next(() => undefined, 8, now);
}

function deliver(tries: Tries, now: number): void {
  const next = due(tries, now)!;
  tries.decide(next, taken, { now, random: 0.5 }, retryPolicy);
  tries.leave(next);
}

describe('notifications that failed side by side', () => {
  test('are tried again when one alone would be, the oldest first', () => {
    const tries = eightFailed();
    expect(tries.earliest()).toBe(5 * second);
    expect(due(tries, 4 * second)).toBeUndefined();
    for (let seq = 1; seq <= 8; seq += 1) {
      const next = due(tries, 5 * second)!;
      expect(next).toStrictEqual(entry(seq));
      tries.decide(next, refused, { now: 5 * second, random: 0.5 }, retryPolicy);
    }
    expect(tries.earliest()).toBe(15 * second);
  });

  test('do not overtake the oldest when they are to go one after the other from now on', () => {
    const tries = eightFailed();
    tries.decide(due(tries, 5 * second)!, refused, { now: 5 * second, random: 0.5 }, retryPolicy);
    expect(due(tries, 6 * second)).toStrictEqual(entry(2));
    const next = (now: number) => tries.next(() => undefined, 1, now);
    expect(next(6 * second)).toBeUndefined();
    expect(next(15 * second)).toStrictEqual(entry(1));
  });

  test('wait no longer for each other when one is taken: the outage is over', () => {
    const tries = eightFailed();
    for (let left = 8; left > 0; left -= 1) deliver(tries, 5 * second);
    expect(tries.begun).toBe(0);
  });

  test('wait as long as the callback asked for, all the same', () => {
    const tries = eightFailed({ ...refused, retryAfter: 60 * second });
    for (let left = 7; left > 0; left -= 1) deliver(tries, 5 * second);
    expect(due(tries, 59 * second)).toBeUndefined();
    expect(due(tries, 67 * second)).toStrictEqual(entry(8));
  });
});

test('what failed at a time that is to come, for the clock was set back, is tried at once, also of the last process', () => {
  const day = 86_400 * second;
  const failing = {
    since: day,
    attempts: 1,
    lastAttempt: day,
    nextAttempt: day + 5 * second,
    error: 'Connection refused.',
  };
  const inLine = (tries: Tries, now: number) => tries.next(() => entry(1), 1, now);
  const tries = new Tries(healthy, failing);
  expect(inLine(tries, day - second)).toStrictEqual(entry(1));
  const waiting = new Tries(healthy, failing);
  expect(inLine(waiting, day)).toBeUndefined();
  expect(due(waiting, day)).toBeUndefined();
  expect(due(waiting, second)).toStrictEqual(entry(1));
});

test('what is asked for again is tried until an attempt that began since then has failed', () => {
  const tries = new Tries(healthy, undefined);
  const attempt = (seq: number) => tries.begin(entry(seq), () => new Promise(() => undefined));
  const fail = (seq: number) => {
    tries.decide(entry(seq), refused, { now: 0, random: 0.5 }, retryPolicy);
    tries.leave(entry(seq));
  };
  attempt(1);
  attempt(2);
  fail(1);
  expect(tries.hopeless).toBe(true);
  tries.drop();
  fail(2);
  expect(tries.hopeless).toBe(false);
  // The same one, sent again.
  attempt(2);
  fail(2);
  expect(tries.hopeless).toBe(true);
});
