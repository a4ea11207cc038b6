import { expect, test } from '@jest/globals';
import { openEmbeddedStore } from '../platform/store/embedded/embedded-store.js';
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
  // Ten were lent before the store was asked.
  grant(13);
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

test.each([1, 3, 10])('a burst of %i is as long as that, the lease it begins with included', async (burst) => {
  const store = await openEmbeddedStore({ memory: true });
  const charge = rateLimit(store, { perSecond: 0.001, burst });
  let admitted = 0;
  for (let ask = 0; ask < burst + 5; ask += 1) {
    if (charge('a') === 0) admitted += 1;
    await turn();
  }
  expect(admitted).toBe(burst);
  await store.close();
});

test('replicas of one store share a burst', async () => {
  const store = await openEmbeddedStore({ memory: true });
  const replicas = [1, 2, 3].map(() => rateLimit(store, { perSecond: 0.001, burst: 10 }));
  let admitted = 0;
  for (let ask = 0; ask < 20; ask += 1) {
    for (const charge of replicas) if (charge('a') === 0) admitted += 1;
    await turn();
  }
  expect(admitted).toBe(10);
  await store.close();
});
