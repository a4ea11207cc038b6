import { expect, test } from '@jest/globals';
import type { Store } from '../platform/store/store.js';
import { rateLimit } from './rate-limit.js';

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A store of which only the buckets are asked for. */
function bucketsOnly(takeTokens: Store['takeTokens']): Store {
  return { takeTokens } as Store;
}

test('tokens that are spent while the store is asked stay spent', async () => {
  let grant: (tokens: number) => void = () => undefined;
  const store = bucketsOnly(() => new Promise((resolve) => (grant = resolve)));
  const charge = rateLimit(store, { perSecond: 40, burst: 40 });
  const admitted = () => charge('a') === 0;
  const first = Array.from({ length: 10 }, admitted).filter(Boolean).length;
  expect([first, admitted()]).toEqual([10, false]);
  grant(3);
  await turn();
  expect(Array.from({ length: 6 }, admitted).filter(Boolean)).toHaveLength(3);
});

test('with the store away a principal is admitted at the configured rate, not faster', async () => {
  let time = 1_000_000;
  const store = bucketsOnly(() => Promise.reject(new Error('away')));
  const charge = rateLimit(store, { perSecond: 100, burst: 100 }, () => time);
  let admitted = 0;
  for (let step = 0; step < 100; step += 1) {
    time += 10;
    for (let ask = 0; ask < 50; ask += 1) if (charge('a') === 0) admitted += 1;
    await turn();
  }
  // One second at 100/s, and the lease it began with.
  expect(admitted).toBeLessThanOrEqual(100 + 25);
  expect(admitted).toBeGreaterThan(20);
});

test('each principal has a bucket of its own, and no rate means no limit', () => {
  const store = bucketsOnly(() => Promise.resolve(0));
  const charge = rateLimit(store, { perSecond: 1, burst: 1 });
  expect([charge('a'), charge('b'), charge('a')]).toEqual([0, 0, 1]);
  expect(rateLimit(store, undefined)('a')).toBe(0);
});
