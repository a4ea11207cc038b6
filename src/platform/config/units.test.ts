import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bytes, duration, withUnit } from './units.js';

const time = duration('A time.');
const size = bytes('A size.');

describe('quantities', () => {
  test.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['24h', 86_400_000],
    [1500, 1500],
  ])('reads the time %s', (text, milliseconds) => expect(time.parse(text)).toBe(milliseconds));

  test.each([
    ['64KiB', 65_536],
    ['1 MiB', 1_048_576],
    ['12B', 12],
    [4096, 4096],
  ])('reads the size %s', (text, count) => expect(size.parse(text)).toBe(count));

  test.each(['', '5', '5 parsecs', 's', '-1s', '1MB', '0ms', '600h', 1.5, -1, true])('refuses the time %s', (text) => {
    expect(time.safeParse(text).success).toBe(false);
  });

  test('says how a quantity is written', () => {
    expect(time.safeParse('soon').error?.issues[0]?.message).toBe(
      "'soon' is no length of time: write it as in 250ms, 30s, 5m or 24h.",
    );
    expect(size.safeParse('2048GiB').error?.issues[0]?.message).toBe("'2048GiB' is outside 1B to 1024GiB.");
  });

  test('reads back what it prints', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000_000_000 }), (n) => time.parse(withUnit(n, 'milliseconds')) === n),
    );
    fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (n) => size.parse(withUnit(n, 'bytes')) === n));
  });
});
