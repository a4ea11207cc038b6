import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { patient, systemClock, timestamp } from './clock.js';
import { manualClock } from './testing/manual-clock.js';

describe('a clock that leaps', () => {
  const hour = 3_600_000;
  function world() {
    const at = { wall: 100 * hour, passed: 0 };
    const pass = (milliseconds: number) => void ((at.wall += milliseconds), (at.passed += milliseconds));
    const now = patient(
      () => at.wall,
      () => at.passed,
    );
    return { at, pass, now };
  }

  test.each([81 * hour, -24 * hour])('by %i ms for a moment is not followed', (by) => {
    const { at, pass, now } = world();
    at.wall += by;
    expect(now()).toBe(100 * hour);
    pass(5 * 60_000);
    expect(now()).toBe(100 * hour + 5 * 60_000);
    at.wall -= by;
    pass(20 * 60_000);
    expect(now()).toBe(at.wall);
    at.wall += by;
    expect(now()).toBe(at.wall - by);
  });

  test('for good is followed after ten minutes', () => {
    const { at, pass, now } = world();
    at.wall += 2 * hour;
    now();
    pass(599_999);
    expect(now()).toBe(at.wall - 2 * hour);
    pass(1);
    expect(now()).toBe(at.wall);
    pass(1);
    expect(now()).toBe(at.wall);
  });

  test('by less than a minute, again and again, is followed at once', () => {
    const { at, now } = world();
    for (let round = 0; round < 10; round += 1) {
      at.wall += 50_000;
      expect(now()).toBe(at.wall);
    }
  });
});

describe('sleeping', () => {
  test.each([
    ['the system clock', systemClock],
    ['the manual clock', manualClock()],
  ])('on %s ends with the reason of the signal', async (_name, clock) => {
    const reason = new Error('enough');
    const gone = new AbortController();
    const slept = clock.sleep(1_000_000, gone.signal);
    gone.abort(reason);
    await expect(slept).rejects.toBe(reason);
    await expect(clock.sleep(1_000_000, gone.signal)).rejects.toBe(reason);
  });

  test('on the system clock ends', async () => {
    await expect(systemClock.sleep(1)).resolves.toBeUndefined();
  });

  test('on the manual clock ends in order, each at its time', async () => {
    const clock = manualClock(1000);
    const seen: string[] = [];
    const every = async (name: string, milliseconds: number) => {
      for (;;) {
        await clock.sleep(milliseconds);
        seen.push(`${name}@${clock.now()}`);
      }
    };
    void every('a', 40);
    void every('b', 100);
    await clock.advance(99);
    expect(seen).toEqual(['a@1040', 'a@1080']);
    await clock.advance(21);
    expect(seen).toEqual(['a@1040', 'a@1080', 'b@1100', 'a@1120']);
    expect(clock.now()).toBe(1120);
  });
});

test('timestamps are those of Date', () => {
  const times = fc.integer({ min: 0, max: 4_102_444_800_000 });
  fc.assert(fc.property(times, (time) => timestamp(time) === new Date(time).toISOString()));
});
