import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { steppedPerformance, type SteppedPerformance } from '#platform/testing/stepped-performance.js';
import { paced, slices, type Paced } from './slices.js';

let clock: SteppedPerformance;
beforeAll(() => {
  clock = steppedPerformance();
});
afterAll(() => clock.putBack());

function busy(milliseconds: number): void {
  clock.step(milliseconds);
}

/** Steps until the turn is over. */
function steps(slice: Paced, step: () => void): number {
  for (let done = 0; ;) {
    for (let left = slice.stride; left > 0; left -= 1, done += 1) step();
    if (slice.over()) return done;
  }
}

describe('work in paces', () => {
  test('stops after few steps when each is dear, however cheap those before were', async () => {
    const slice = paced(slices(), 64);
    expect(steps(slice, () => busy(1))).toBeLessThanOrEqual(4);
    await slice.pause();
    expect(steps(slice, () => busy(0.001))).toBeGreaterThan(64);
    await slice.pause();
    expect(steps(slice, () => busy(1))).toBeLessThanOrEqual(65);
    await slice.pause();
    expect(steps(slice, () => busy(1))).toBeLessThanOrEqual(4);
  });

  test('goes no further than it may between two looks', async () => {
    const slice = paced(slices(), 1);
    steps(slice, () => busy(0.001));
    await slice.pause();
    expect(steps(slice, () => busy(1))).toBeLessThanOrEqual(4);
  });
});
