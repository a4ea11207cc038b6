import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { steppedPerformance } from '#platform/testing/stepped-performance.js';
import { keepLease } from '#platform/store/kept-lease.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Lease, Store } from '#platform/store/store.js';
import { coverage } from './coverage.js';
import { feed } from './feed.js';
import type { Presence } from './presence.js';
import { watching, type Watching } from './watching.js';
import type { Watcher } from './watcher.js';

let store: Store;
/** Who runs a watcher of what, with which epoch. */
let running: Map<string, Map<string, Lease>>;
const started: Watching[] = [];

beforeEach(async () => {
  store = await openEmbeddedStore({ memory: true });
  running = new Map();
});
afterEach(async () => {
  for (const each of started.splice(0)) await each.stop();
  await store.close();
});

function start(holder: string, instances: readonly string[], { others = 0, idle = 0, ttl = 400 } = {}): Watching {
  const presence: Presence = {
    tick: () => Promise.resolve(),
    of: () => 'here',
    heard: () => undefined,
    listeners: () => [],
    watchers: () => others,
    leave: () => Promise.resolve(),
  };
  const mine = new Map<string, Lease>();
  running.set(holder, mine);
  const process = watching({
    store,
    feed: feed(store),
    coverage: coverage(),
    presence,
    holder,
    ttl,
    watches: true,
    instances: () => instances,
    begin(instance, fence) {
      mine.set(instance, fence);
      const stop = async () => void mine.delete(instance);
      return { stop, readAgain: () => undefined } as Partial<Watcher> as Watcher;
    },
    idle: () => idle,
    log: () => undefined,
  });
  started.push(process);
  return process;
}

const watchedBy = (holder: string) => [...running.get(holder)!.keys()].toSorted();

test('one process watches; another one takes over at once when it stops', async () => {
  const [one, other] = [start('one', ['a']), start('other', ['a'])];
  await one.tick();
  await other.tick();
  expect([watchedBy('one'), watchedBy('other')]).toEqual([['a'], []]);
  const { epoch } = one.leaseOf('a')!;
  await one.stop();
  await other.tick();
  expect([watchedBy('one'), watchedBy('other')]).toEqual([[], ['a']]);
  expect(other.leaseOf('a')!.epoch).toBeGreaterThan(epoch);
});

test('who does not renew stops before the lease lapses, by its own clock; then another one takes over', async () => {
  const [one, other] = [start('one', ['a']), start('other', ['a'])];
  await one.tick();
  for (;;) {
    await sleep(5);
    // What was due while a busy machine held us up is done before the other one asks.
    await nextTurn();
    if (!one.holds('a')) break;
    await other.tick();
    expect(watchedBy('other')).toEqual([]);
  }
  expect(watchedBy('one')).toEqual([]);
  while (!other.holds('a')) await other.tick();
});

test('who renews keeps what it has', async () => {
  const clock = steppedPerformance();
  try {
    const [one, other] = [start('one', ['a'], { ttl: 60_000 }), start('other', ['a'], { ttl: 60_000 })];
    await one.tick();
    const lease = one.leaseOf('a');
    for (let round = 0; round < 12; round += 1, clock.step(15_000)) {
      await one.tick();
      await other.tick();
    }
    expect(one.leaseOf('a')).toEqual(lease);
    expect(watchedBy('other')).toEqual([]);
  } finally {
    clock.putBack();
  }
});

test('a lease that the store gave to another one is lost with the next renewal', async () => {
  const kept = (await keepLease(store, { name: 'watch/a', holder: 'one', ttl: 60_000 }))!;
  await kept.renew();
  expect(kept.lost.aborted).toBe(false);
  await store.release(kept.lease);
  await store.lease('watch/a', 'other', 60_000);
  await kept.renew();
  expect(kept.lost.aborted).toBe(true);
});

test('three processes share six backends, the first of which had all', async () => {
  const all = ['a', 'b', 'c', 'd', 'e', 'f'];
  const first = start('first', all);
  await first.tick();
  expect(watchedBy('first')).toEqual(all);
  await first.stop();
  started.length = 0;
  const processes = ['one', 'two', 'three'].map((holder) => start(holder, all, { others: 2 }));
  for (let round = 0; round < 3; round += 1) for (const each of processes) await each.tick();
  expect(['one', 'two', 'three'].map((holder) => watchedBy(holder).length)).toEqual([2, 2, 2]);
});

test('what nobody else takes is taken back, and kept', async () => {
  const all = ['a', 'b', 'c'];
  const one = start('one', all, { others: 2, idle: 10_000 });
  for (let round = 0; round < 8; round += 1) await one.tick();
  expect(watchedBy('one')).toEqual(all);
});
