import { expect, test } from '@jest/globals';
import { origin } from '#schema/position.js';
import { keptBy } from './kept.js';

const unconfirmed = () => Promise.reject(new Error('has a write that only 1 of 2 replicas confirmed'));

/** Asks again and again, as who follows the log does, until it may be told. */
async function waited(kept: ReturnType<typeof keptBy>): Promise<number> {
  const began = performance.now();
  while (!(await kept(origin)));
  return performance.now() - began;
}

test('what stands for good may be told at once, what stands no longer never', async () => {
  let stands = false;
  const kept = keptBy({ confirm: () => Promise.resolve(stands) });
  expect(await kept(origin)).toBe(false);
  stands = true;
  expect(await kept(origin)).toBe(true);
});

test('a dead replica is waited for once, and again after it has been back', async () => {
  let confirm: () => Promise<boolean> = unconfirmed;
  const kept = keptBy({ confirm: () => confirm() });
  expect(await waited(kept)).toBeGreaterThan(5000);
  expect(await kept(origin)).toBe(true);
  confirm = () => Promise.resolve(true);
  expect(await kept(origin)).toBe(true);
  await new Promise(setImmediate);
  expect(await kept(origin)).toBe(true);
  confirm = unconfirmed;
  expect(await kept(origin)).toBe(false);
});
