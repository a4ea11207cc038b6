import { describe, expect, test } from '@jest/globals';
import { createBackoff } from './backoff.js';
import { newer } from './version.js';

const timing = { first: 800, longest: 30_000, healthyAfter: 120_000 };

describe('backoff', () => {
  test('takes a random share of a limit that doubles up to 30 s', () => {
    const backoff = createBackoff(
      timing,
      () => 0,
      () => 1,
    );
    expect(Array.from({ length: 8 }, () => backoff.next())).toEqual([
      800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000,
    ]);
    const half = createBackoff(
      timing,
      () => 0,
      () => 0.5,
    );
    expect([half.next(), half.next()]).toEqual([400, 800]);
  });

  test('begins anew after two minutes of health', () => {
    let now = 0;
    const backoff = createBackoff(
      timing,
      () => now,
      () => 1,
    );
    expect([backoff.next(), backoff.next()]).toEqual([800, 1600]);
    now += 119_999;
    expect(backoff.next()).toBe(3200);
    now += 120_000;
    expect(backoff.next()).toBe(800);
  });

  test('waits at least as long as the server asks', () => {
    expect(
      createBackoff(
        timing,
        () => 0,
        () => 0,
      ).next(5_000),
    ).toBe(5_000);
  });
});

describe('newer', () => {
  test('compares resourceVersions as integers of any length', () => {
    expect(newer('10', '9')).toBe(true);
    expect(newer('9', '10')).toBe(false);
    expect(newer('7', '7')).toBe(false);
    expect(newer('90071992547409931234', '90071992547409931233')).toBe(true);
  });
});
