import { expect, test } from '@jest/globals';
import { InFlight } from './in-flight.js';

const times = (work: InFlight, principal: string, count: number): number =>
  Array.from({ length: count }, () => work.enter(principal)).filter(Boolean).length;

test('one principal has no more under way than it may, and again when some has ended', () => {
  const work = new InFlight(3, { maxInFlight: 100 });
  expect(times(work, 'a', 5)).toBe(3);
  work.leave('a');
  expect(times(work, 'a', 5)).toBe(1);
  expect(work.all).toBe(3);
});

test('those who fill the gateway shut nobody else out', () => {
  const work = new InFlight(50, { maxInFlight: 100 });
  for (const many of ['a', 'b']) expect(times(work, many, 60)).toBe(50);
  expect(work.full).toBe(true);
  // With a third that has some, an equal part is a third; with a fourth, a quarter.
  expect(times(work, 'quiet', 60)).toBe(34);
  expect(times(work, 'later', 60)).toBe(25);
  work.leave('a');
  expect(times(work, 'a', 2)).toBe(0);
  expect(work.all).toBe(158);
});

test('however many there are, all together have no more than four times as much', () => {
  const work = new InFlight(25, { maxInFlight: 100 });
  for (let each = 0; each < 500; each += 1) times(work, `p${each}`, 25);
  expect(work.all).toBe(400);
  work.leave('p0');
  expect(times(work, 'p0', 2)).toBe(0);
  expect(times(work, 'late', 2)).toBe(1);
});
