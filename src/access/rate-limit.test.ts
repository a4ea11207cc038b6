import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { openEmbeddedStore } from '../platform/store/embedded/embedded-store.js';
import type { Store } from '../platform/store/store.js';
import { rateLimit, type ChargeRate } from './rate-limit.js';

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

/** How many of so many requests a second, for ten seconds of a virtual clock, `charge` admits. */
async function admittedOf(perSecond: number, clock: { time: number }, charges: readonly ChargeRate[]): Promise<number> {
  let [admitted, due] = [0, 0];
  for (let step = 0; step < 1000; step += 1) {
    clock.time += 10;
    for (due += perSecond / 100; due >= 1; due -= 1) for (const charge of charges) if (charge('a') === 0) admitted += 1;
    await nextTurn();
  }
  return admitted;
}

test('with the store silent a principal is admitted at the configured rate, neither slower nor faster', async () => {
  const rate = { perSecond: 1000, burst: 2000 };
  const admitted = (perSecond: number) => {
    const clock = { time: 1_000_000 };
    const silent = bucketsOnly(() => new Promise(() => undefined));
    return admittedOf(perSecond, clock, [rateLimit(silent, rate, () => clock.time)]);
  };
  expect(await admitted(300)).toBe(3000);
  const most = await admitted(5000);
  expect(most).toBeGreaterThan(9900);
  // Ten seconds at 1000/s, and the lease it began with.
  expect(most).toBeLessThanOrEqual(10_250);
});

test('what replicas gave while the store was slow is taken from what it grants', async () => {
  const rate = { perSecond: 1000, burst: 2000 };
  const clock = { time: 1_000_000 };
  let [tokens, at] = [rate.burst, clock.time];
  const slow = bucketsOnly(async (_bucket, want) => {
    const answersAt = clock.time + 150;
    while (clock.time < answersAt) await nextTurn();
    tokens = Math.min(rate.burst, tokens + (clock.time - at) * (rate.perSecond / 1000));
    at = clock.time;
    const granted = Math.min(want, tokens);
    tokens -= granted;
    return granted;
  });
  const replicas = [1, 2, 3].map(() => rateLimit(slow, rate, () => clock.time));
  const admitted = await admittedOf(2000, clock, replicas);
  // Ten seconds at 1000/s and the burst; and of each replica, what it lends in the time of an answer and has not paid back.
  expect(admitted).toBeLessThanOrEqual(12_000 + 3 * 500);
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

test('who was admitted no more is admitted again when the clock of the host has stepped back', async () => {
  const clock = Date.now;
  let granting = false;
  const store = bucketsOnly(async (_bucket, want) => (granting ? want : 0));
  const charge = rateLimit(store, { perSecond: 10, burst: 10 });
  try {
    while (charge('a') === 0) await nextTurn();
    granting = true;
    Date.now = () => clock() - 60_000;
    let refused = 0;
    for (; charge('a') > 0 && refused < 1000; refused += 1) await turn();
    expect(refused).toBeLessThan(1000);
  } finally {
    Date.now = clock;
  }
});
