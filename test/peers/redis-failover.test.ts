import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fault } from '#schema/errors.js';
import type { Position } from '#schema/position.js';
import { Redis as RedisModel } from '#platform/config/redis.js';
import { openRedisStore } from '#platform/store/redis/redis-store.js';
import type { Store } from '#platform/store/store.js';
import { entry as resource, everything, write } from '#src/inventory/testing/rows.js';
import { openView } from '#src/inventory/view.js';
import { entry, eventually, readAll } from '../store-contract/fixtures.js';
import type { RedisServer } from './redis-server.js';
import { startSentinelGroup, type SentinelGroup } from './redis-sentinels.js';

let group: SentinelGroup;
let store: Store;
const open = () => openRedisStore(RedisModel.parse({ sentinels: group.sentinels, name: group.name }));
beforeEach(async () => {
  group = await startSentinelGroup();
  store = await open();
});
afterEach(async () => {
  for (const stop of underWay.splice(0)) await stop();
  await store.close();
  await group.remove();
});

/** Milliseconds in which no owned write is acknowledged: what is promised, and half as much again for a busy machine. */
const longestSilence = { dead: 1.5 * 10_000, hung: 1.5 * 12_000 };

/** Writers that a failed test has left. */
const underWay: (() => Promise<unknown>)[] = [];

/** Writes as fast as it is let: documents, and appends that are owned or not. */
function writers() {
  const acknowledged = { documents: [] as string[], owned: [] as string[], mirrored: [] as string[] };
  const faults: Fault[] = [];
  let going = true;
  let [longest, last] = [0, performance.now()];
  const count = (list: string[], id: string) => {
    list.push(id);
    if (list === acknowledged.mirrored) return;
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  };
  const writer = async (list: string[], work: (id: string) => Promise<unknown>) => {
    for (let n = 0; going; n += 1) {
      const id = `${n}`;
      await work(id).then(
        () => count(list, id),
        (fault: Fault) => faults.push(fault),
      );
      await sleep(1);
    }
  };
  const ended = Promise.all([
    writer(acknowledged.documents, (id) => store.put('tenant', id, { id }, 0)),
    writer(acknowledged.owned, (id) => store.append({ entries: [entry('created', `owned-${id}`, {})], owned: true })),
    writer(acknowledged.mirrored, (id) => store.append({ entries: [entry('created', `mirrored-${id}`, {})] })),
  ]);
  /** `silent`: longest time in which no owned write was acknowledged, milliseconds. */
  const stop = async () => {
    going = false;
    await ended;
    return { faults, silent: Math.round(longest) };
  };
  underWay.push(stop);
  return { acknowledged, stop };
}

type Acknowledged = ReturnType<typeof writers>['acknowledged'];

async function lost({ documents, owned, mirrored }: Acknowledged) {
  const kept = new Set((await store.list('tenant')).map(({ id }) => id));
  const ids = (await readAll(store, undefined, 1_000_000)).map(({ id }) => id);
  const logged = new Set(ids);
  expect(logged.size).toBe(ids.length);
  return {
    documents: documents.filter((id) => !kept.has(id)).length,
    owned: owned.filter((id) => !logged.has(`owned-${id}`)).length,
    mirrored: mirrored.filter((id) => !logged.has(`mirrored-${id}`)).length,
  };
}

const grown = (list: readonly unknown[], than = list.length) =>
  eventually(async () => (list.length > than + 100 ? true : undefined));

describe('no acknowledged owned write is lost', () => {
  test.each<[string, (primary: RedisServer) => Promise<void>]>([
    ['a planned failover', () => group.failover()],
    ['the death of the primary', (primary) => primary.kill()],
  ])('in %s, and writing goes on by itself', async (what, strike) => {
    const writing = writers();
    await grown(writing.acknowledged.owned);
    // On a busy machine Sentinels take a primary for dead by themselves, and the store follows later.
    const followed = () =>
      eventually(async () => {
        const primary = await group.primary();
        return store.servers().at(-1)?.port === primary.port ? primary : undefined;
      });
    const before = await followed();
    const replicas = (await group.replicas()).map(({ port }) => port);
    await eventually(async () => {
      const known = store.servers().map(({ port }) => port);
      return replicas.every((port) => known.includes(port)) || undefined;
    });
    await strike(before);
    await eventually(async () => ((await group.primary()) === before ? undefined : true));
    const after = await followed();
    await grown(writing.acknowledged.owned);
    expect(store.servers().map(({ port }) => port)).toEqual(expect.arrayContaining([before.port, after.port]));
    // The deposed primary is made a replica late; until then it takes writes.
    await sleep(12_000);
    await grown(writing.acknowledged.owned);
    const { faults, silent } = await writing.stop();
    for (const fault of faults) expect(fault).toMatchObject({ code: 'UNAVAILABLE', detail: { retryAfter: 2 } });
    const missing = await lost(writing.acknowledged);
    const { documents, owned, mirrored } = writing.acknowledged;
    const total = documents.length + owned.length + mirrored.length;
    console.log(
      `${what}: ${total} acknowledged, lost ${JSON.stringify(missing)}, ${faults.length} refused, silent ${silent} ms`,
    );
    expect({ ...missing, mirrored: 0 }).toStrictEqual({ documents: 0, owned: 0, mirrored: 0 });
    expect(silent).toBeLessThan(longestSilence.dead);
  });

  test('a primary that hangs is left, and has nothing when it wakes', async () => {
    const writing = writers();
    await grown(writing.acknowledged.owned);
    const before = await group.primary();
    before.pause();
    await eventually(async () => ((await group.primary()) === before ? undefined : true));
    await grown(writing.acknowledged.owned);
    before.resume();
    await sleep(3000);
    await grown(writing.acknowledged.owned);
    const { faults, silent } = await writing.stop();
    const missing = await lost(writing.acknowledged);
    console.log(`hang: lost ${JSON.stringify(missing)}, ${faults.length} refused, silent ${silent} ms`);
    expect({ ...missing, mirrored: 0 }).toStrictEqual({ documents: 0, owned: 0, mirrored: 0 });
    expect(silent).toBeLessThan(longestSilence.hung);
  });
});

test('a tail that a failover lost is noticed: readers are told, and a view reads everything anew', async () => {
  await write(store, [resource('kept', { resourcePoolId: 'p', description: 'kept', tags: [], elements: [] })]);
  await store.put('tenant', 'barrier', {}, 0); // every replica has what came before
  let rewritten = 0;
  const failed: unknown[] = [];
  const view = await openView(
    store,
    (_, error) => void failed.push(error),
    () => (rewritten += 1),
  );
  const primary = await group.primary();
  // What is written now reaches no replica: they hang, and have no connection that could hold it for them.
  const replicas = await group.replicas();
  for (const replica of replicas) replica.pause();
  await primary.ask((redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'replica'));
  const tail: Position[] = [];
  for (let n = 0; n < 5; n += 1) {
    const appended = await store.append({
      entries: [resource(`lost-${n}`, { resourcePoolId: 'p', description: 'lost', tags: [], elements: [] })],
    });
    if (appended.outcome === 'appended') tail.push(appended.head);
  }
  await view.reached(tail.at(-1)!);
  expect(view.get(everything, 'Resource', 'lost-4')).toBeDefined();
  await expect(store.confirm(tail.at(-1)!)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await primary.kill();
  for (const replica of replicas) replica.resume();
  await eventually(() => store.head().catch(() => undefined));
  await eventually(async () => rewritten || undefined);
  for (const place of tail) expect(await store.read(place, 10)).toStrictEqual({ outcome: 'rewritten' });
  // Others are appended in their place: who wrote them must not be shown that as what they wrote.
  const kept = view.position();
  const entries = Array.from({ length: tail.length + 5 }, (_, n) =>
    resource(`instead-${n}`, { resourcePoolId: 'p', description: 'instead', tags: [], elements: [] }),
  );
  const instead = await eventually(() => store.append({ entries }).catch(() => undefined));
  if (instead.outcome !== 'appended') throw new Error(instead.outcome);
  await view.reached(instead.head);
  expect([kept, ...instead.positions].every((place) => view.has(place))).toBe(true);
  for (const place of tail) {
    expect([view.has(place), place.seq <= view.position().seq]).toEqual([false, true]);
    await expect(view.reached(place)).rejects.toMatchObject({ code: 'UNAVAILABLE', message: /lost this change/ });
  }
  expect(view.get(everything, 'Resource', 'kept')).toBeDefined();
  expect(view.get(everything, 'Resource', 'lost-4')).toBeUndefined();
  for (const error of failed) expect(error).toMatchObject({ code: 'UNAVAILABLE' });
  view.stop();
});
