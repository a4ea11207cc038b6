import { describe, expect, test } from '@jest/globals';
import { formatBytes, formatCores, isPositive, parseQuantity } from './quantity.js';

describe('quantities', () => {
  test.each([
    ['64', 64],
    ['63500m', 63.5],
    ['263Gi', 263 * 2 ** 30],
    ['1e3', 1000],
    ['1.5Gi', 1.5 * 2 ** 30],
    ['12E', 12e18],
    ['100k', 100_000],
    ['-1', -1],
    ['0', 0],
    ['0Gi', 0],
    ['0.5', 0.5],
    ['', 0],
    ['lots', 0],
    [undefined, 0],
  ])('%s is %d', (text, number) => {
    expect(parseQuantity(text)).toBe(number);
    expect(isPositive(text)).toBe(number > 0);
  });

  test('are written the way kubelets write them', () => {
    expect(formatBytes(10_000 * 2 ** 40)).toBe('10737418240000Ki');
    expect(formatBytes(1000)).toBe('1000');
    expect(formatBytes(0)).toBe('0');
    expect(formatCores(640)).toBe('640');
    expect(formatCores(63.5)).toBe('63500m');
  });
});
