import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { healthy, next, type Failing, type Health, type Outcome, type Turn } from './course.js';
import { pauseAfter, retryPolicy as policy } from './policy.js';

const hour = 3_600_000;
const refused: Outcome = { result: 'failed', error: 'Connection refused.' };
const taken: Outcome = { result: 'delivered', status: 204 };
const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

/** Attempts at notifications, one after another, until time is up or the subscription is disabled. */
function simulate(outcomeAt: (now: number) => Outcome, rolls: () => number, longest: number, limits = policy) {
  const attempts: number[] = [];
  const turns: (Turn & { at: number })[] = [];
  let [failing, health]: [Failing | undefined, Health] = [undefined, healthy];
  let dead = 0;
  for (let now = 0; now <= longest;) {
    attempts.push(now);
    const decided = next({ failing, health }, outcomeAt(now), { now, random: rolls() }, limits);
    health = decided.health;
    if (decided.turn) turns.push({ ...decided.turn, at: now });
    if (decided.verdict.then === 'dead') dead += 1;
    if (decided.turn?.state === 'disabled') break;
    failing = decided.verdict.then === 'retry' ? decided.verdict.failing : undefined;
    now = failing ? failing.nextAttempt : now + 1000;
  }
  return { attempts, turns, dead };
}

describe('retries', () => {
  test('come after the planned pauses, a fifth longer or shorter, for 72 hours at least', () => {
    const planned = [5, 10, 30, 60, 120, 300].map((seconds) => seconds * 1000);
    fc.assert(
      fc.property(fc.infiniteStream(random), (rolls) => {
        const { attempts, dead } = simulate(
          () => refused,
          () => rolls.next().value as number,
          200 * hour,
        );
        const strange = attempts.slice(1).flatMap((at, index) => {
          const part = (at - attempts[index]!) / planned[Math.min(index, planned.length - 1)]!;
          return part >= 0.7999 && part <= 1.2001 ? [] : [part];
        });
        expect(strange).toEqual([]);
        expect(attempts.at(-1)!).toBeGreaterThanOrEqual(72 * hour);
        expect(attempts.at(-1)!).toBeLessThanOrEqual(72.2 * hour);
        expect(dead).toBe(1);
      }),
      { numRuns: 1000 },
    );
  });

  test('honour Retry-After up to an hour, and never come before it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 * hour }), fc.integer({ min: 1, max: 50 }), random, (asked, n, roll) => {
        const pause = pauseAfter(policy, n, roll, asked);
        const planned = policy.pauses[Math.min(n, policy.pauses.length) - 1]!;
        expect(pause).toBeGreaterThanOrEqual(Math.min(asked, hour) - 1);
        expect(pause).toBeLessThanOrEqual(1.2 * Math.max(planned, Math.min(asked, hour)) + 1);
      }),
    );
  });

  test('of the next notification do not come faster because the one before was given up', () => {
    const limits = { ...policy, giveUpAfter: hour, disableAfter: 72 * hour };
    const { attempts } = simulate(
      () => refused,
      () => 0.5,
      10 * hour,
      limits,
    );
    const late = attempts.filter((at) => at > 2 * hour);
    expect(late.length).toBeLessThanOrEqual(2 * (8 * 12 + 1));
  });
});

describe('a pause', () => {
  test('is that of one notification alone, however many fail beside it and however long they have', () => {
    const age = fc.integer({ min: 0, max: 72 * hour - 1 });
    fc.assert(
      fc.property(age, fc.integer({ min: 1, max: 10_000 }), random, (since, failures, roll) => {
        const alone = simulate(
          () => refused,
          () => 0.5,
          since,
        ).attempts.length;
        const health = { failures, since: 0, degraded: true };
        const { verdict } = next({ health }, refused, { now: since, random: roll }, policy);
        if (verdict.then !== 'retry') throw new Error(verdict.then);
        expect(verdict.failing.nextAttempt - since).toBeLessThanOrEqual(pauseAfter(policy, alone, roll));
      }),
    );
  });
});

describe('a subscription', () => {
  test('is degraded once, active once, and disabled once', () => {
    const outage = simulate(
      (now) => (now < hour ? refused : taken),
      () => 0.5,
      2 * hour,
    );
    expect(outage.turns.map(({ state }) => state)).toEqual(['degraded', 'active']);
    const { turns } = simulate(
      () => refused,
      () => 0.5,
      200 * hour,
    );
    expect(turns.map(({ state }) => state)).toEqual(['degraded', 'disabled']);
    expect(turns[1]!.reason).toBe('No notification was taken for 72 h; the last error was: Connection refused.');
  });

  test('is disabled by 410 at once, and what it refused stays owed', () => {
    const gone: Outcome = { result: 'gone', status: 410, error: 'Gone.' };
    expect(next({ health: healthy }, gone, { now: 0, random: 0 }, policy)).toEqual({
      verdict: { then: 'kept' },
      health: healthy,
      turn: { state: 'disabled', reason: 'Gone.' },
    });
  });

  test('starts anew with every success: failing now and then disables nobody', () => {
    const { turns } = simulate(
      (now) => (now % (10 * hour) > hour / 2 ? refused : taken),
      () => 0.5,
      200 * hour,
    );
    expect(turns.some(({ state }) => state === 'disabled')).toBe(false);
    for (let index = 1; index < turns.length; index += 1) expect(turns[index]!.state).not.toBe(turns[index - 1]!.state);
  });

  test('gives up what the log cannot keep', () => {
    const decided = next({ health: healthy }, refused, { now: 0, random: 0, expired: 'Too old.' }, policy);
    expect(decided.verdict).toEqual({ then: 'dead', reason: 'Too old.', attempts: 1 });
  });
});
