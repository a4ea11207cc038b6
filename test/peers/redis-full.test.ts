import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import type { Fault } from '#schema/errors.js';
import { Redis as RedisModel } from '#platform/config/redis.js';
import { openRedisStore } from '#platform/store/redis/redis-store.js';
import type { Store } from '#platform/store/store.js';
import { entry, eventually, find, readAll, write } from '../store-contract/fixtures.js';
import { startRedis, type RedisServer } from './redis-server.js';

const maxmemory = 16 * 1024 * 1024;
/** Of a cache that shares the server: one of 1 KiB after the other, three times as many as would fill it. */
const cached = (3 * maxmemory) / 1024;
const atOnce = 256;
const subscriptions = 1000;
const ours = 'netweave:';

let server: RedisServer;
let store: Store;
const open = async (policy: string) => {
  server = await startRedis({ settings: [`maxmemory ${maxmemory}`, `maxmemory-policy ${policy}`] });
  store = await openRedisStore(RedisModel.parse({ port: server.port, keyPrefix: ours }));
  await fill();
};
afterEach(async () => {
  await store.close();
  await server.remove();
});

const subscription = (id: string) =>
  entry('created', id, { callback: 'x'.repeat(200) }, { object: 'InventorySubscription' });

/** A thousand subscriptions with what belongs to each, and all else that is kept. */
async function fill(): Promise<void> {
  const ids = Array.from({ length: subscriptions }, (_, n) => `s${n}`);
  const cursor = { instance: 'east', cursor: { pods: '1' } };
  await write(store, { entries: ids.map(subscription), owned: true });
  await write(store, { entries: [entry('created', 'pool', {}, {}, ['all'])], cursor });
  await Promise.all(ids.map((id) => store.put('delivery', id, { id }, 0)));
  await store.appendAudit({ at: '', requestId: 'r', principal: 'p', tenant: null, operation: 'o', stage: 'intent' });
}

/** How much there is at each key of ours that does not expire. */
function kept(): Promise<ReadonlyMap<string, number>> {
  const size = async (redis: Redis, name: string) => {
    const counts = { hash: 'hlen', stream: 'xlen', zset: 'zcard', set: 'scard', string: 'strlen' } as const;
    return redis[counts[(await redis.type(name)) as keyof typeof counts]](name);
  };
  return server.ask(async (redis) => {
    const names = await redis.keys(`${ours}*`);
    const state = await Promise.all(names.map(async (name) => ((await redis.pttl(name)) === -1 ? [name] : [])));
    return new Map(await Promise.all(state.flat().map(async (name) => [name, await size(redis, name)] as const)));
  });
}

/** Fills the cache; how many of its writes were refused. */
const flood = () =>
  server.ask(async (redis) => {
    let refused = 0;
    for (let from = 0; from < cached; from += atOnce) {
      const batch = redis.pipeline();
      for (let n = from; n < from + atOnce; n += 1) batch.set(`cache:${n}`, 'x'.repeat(1024), 'EX', 3600);
      refused += (await batch.exec())!.filter(([error]) => error).length;
    }
    return refused;
  });

/** Writes what we own, one after another, until it is told to stop. */
function writing() {
  const [written, faults]: [string[], Fault[]] = [[], []];
  let going = true;
  const ended = (async () => {
    for (let n = 0; going; n += 1) {
      const id = `w${n}`;
      const both = [write(store, { entries: [subscription(id)], owned: true }), store.put('delivery', id, {}, 0)];
      const refused = (await Promise.allSettled<unknown>(both)).filter((end) => end.status === 'rejected');
      if (refused.length === 0) written.push(id);
      faults.push(...refused.map(({ reason }) => reason as Fault));
      await sleep(5);
    }
  })();
  const stop = async () => {
    going = false;
    await ended;
    return { written, faults };
  };
  return { written, stop };
}

/** What of state is missing: keys, or parts of them, and what was written meanwhile. */
async function missing(before: ReadonlyMap<string, number>, written: readonly string[]): Promise<readonly string[]> {
  const now = await kept();
  const [logged, documents] = [await readAll(store, undefined, 100_000), await store.ids('delivery')];
  const [told, known] = [new Set(logged.map(({ id }) => id)), new Set(documents)];
  const ids = [...Array.from({ length: subscriptions }, (_, n) => `s${n}`), ...written];
  const objects = await store.objects(ids.map((id) => ({ object: 'InventorySubscription', id })));
  const found = new Set(objects.map((each) => each?.id));
  const lost = ids.filter((id) => !told.has(id) || !known.has(id) || !found.has(id));
  return [...[...before].filter(([name, size]) => (now.get(name) ?? 0) < size).map(([name]) => name), ...lost];
}

const evicted = async () => {
  const stats = await server.ask((redis) => redis.info('stats'));
  return Number(/^evicted_keys:(\d+)/m.exec(stats)![1]);
};
const full = { code: 'UNAVAILABLE', message: expect.stringContaining('is full: it has reached its maxmemory') };

test('a cache beside it that wants three times the memory takes nothing of state, and state is written on', async () => {
  await open('volatile-lru');
  const before = await kept();
  const writer = writing();
  expect(await flood()).toBe(0);
  const { written, faults } = await writer.stop();
  const gone = await evicted();
  console.log(
    `${cached} KiB into ${maxmemory / 1024}: ${gone} keys evicted, of ${before.size} keys of state ` +
      `${(await missing(before, written)).length}; ${written.length} writes of state done meanwhile, ${faults.length} refused`,
  );
  expect(gone).toBeGreaterThan(cached / 2);
  expect(await missing(before, written)).toStrictEqual([]);
  expect([written.length > 10, faults]).toStrictEqual([true, []]);
});

test('where nothing may be evicted, state writes are refused with the reason until there is room, and all stands', async () => {
  await open('noeviction');
  const before = await kept();
  const writer = writing();
  const refused = await flood();
  expect(await find(store, 'pool')).toBeDefined();
  const { written, faults } = await writer.stop();
  console.log(
    `${cached} KiB into ${maxmemory / 1024}: ${refused} of the cache refused, ${await evicted()} evicted; ` +
      `${written.length} writes of state done, ${faults.length} refused`,
  );
  expect([refused > cached / 2, await evicted()]).toStrictEqual([true, 0]);
  expect(faults.length).toBeGreaterThan(0);
  for (const fault of faults) expect(fault).toMatchObject(full);
  expect(await missing(before, written)).toStrictEqual([]);
  await server.ask(async (redis) => redis.unlink(await redis.keys('cache:*')));
  await eventually(() => store.put('delivery', 'room', {}, 0).catch(() => undefined));
  await write(store, { entries: [subscription('room')], owned: true });
});
