import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { systemClock, timestamp } from './clock.js';
import { manualClock } from './testing/manual-clock.js';

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
