import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import type { ObjectEvent } from '#adapters/kit/materialise.js';
import type { ObjectName } from '#schema/objects.js';
import { origin } from '#schema/position.js';
import { feed, type Feed, type Source } from './feed.js';

let store: Store;
let now: number;
let ours: Feed;
const source: Source = { instance: 'east', projection: 'p1', objects: ['ResourcePool', 'Resource'] };

beforeEach(async () => {
  store = await openEmbeddedStore({ memory: true });
  now = 0;
  ours = feed(store, () => now);
});
afterEach(() => store.close());

function upsert(
  id: string,
  name: string,
  more: { object?: ObjectName; version?: string; listed?: true } = {},
): ObjectEvent {
  return { type: 'upsert', object: 'ResourcePool', id, identity: id, tenant: null, value: { name }, ...more };
}
const gone = (id: string): ObjectEvent => ({ type: 'delete', object: 'ResourcePool', id });
const complete = (ids: readonly string[], object: ObjectName = 'ResourcePool'): ObjectEvent => {
  return { type: 'complete', object, ids: new Set(ids) };
};
const many = (count: number) => Array.from({ length: count }, (_, index) => `${1000 + index}`);

/** The log in short. */
async function log(): Promise<readonly string[]> {
  const read = await store.read(origin, 100_000);
  if (read.outcome !== 'read') throw new Error(read.outcome);
  return read.changes.map(({ change, id, baseline }) => `${change} ${id}${baseline ? ' baseline' : ''}`);
}

describe('the first synchronisation', () => {
  test('is baseline until the object is complete, also in a process that goes on with it', async () => {
    await ours.sync(source, { events: [upsert('a', '1')] });
    await feed(store).sync(source, { events: [upsert('b', '1'), complete(['a', 'b'])] });
    await feed(store).sync(source, { events: [upsert('c', '1')] });
    expect(await log()).toEqual(['created a baseline', 'created b baseline', 'created c']);
  });

  test('is one for each object: what a later release holds anew is baseline, too', async () => {
    await ours.sync(source, { events: [complete([])] });
    await ours.sync(source, { events: [upsert('a', '1'), upsert('r', '1', { object: 'Resource' })] });
    expect(await log()).toEqual(['created a', 'created r baseline']);
    expect([...(await ours.syncedOnce('east'))]).toEqual(['ResourcePool']);
  });

  test('never covers what we wrote ourselves', async () => {
    await ours.observe(source, [upsert('a', '1')]);
    expect(await log()).toEqual(['created a']);
  });

  test('has not ended while deletions are held back', async () => {
    await ours.sync(source, { events: many(40).map((id) => upsert(id, '1')) });
    const { held } = await ours.sync(source, { events: [complete([])] });
    expect(held).toEqual(new Map([['ResourcePool', 40]]));
    expect(await ours.syncedOnce('east')).toEqual(new Set());
  });
});

describe('a complete list', () => {
  test('deletes what it does not name, of this instance alone', async () => {
    await feed(store).sync({ ...source, instance: 'west' }, { events: [upsert('w', '1')] });
    await ours.sync(source, { events: [upsert('a', '1'), upsert('b', '1'), complete(['b'])] });
    expect((await log()).slice(-1)).toEqual(['deleted a']);
  });

  test('finds what an earlier process stored, and what was written since', async () => {
    await feed(store).sync(source, { events: [upsert('a', '1')] });
    await ours.sync(source, { events: [upsert('b', '1'), complete(['b'])] });
    await ours.observe(source, [upsert('c', '1')]);
    await ours.sync(source, { events: [complete([])] });
    expect((await log()).slice(-3)).toEqual(['created c', 'deleted b', 'deleted c']);
  });

  test('takes along objects that the projection holds no more', async () => {
    await feed(store).sync(source, { events: [upsert('old', '1', { object: 'Location' })] });
    await ours.sync(source, { events: [complete([])] });
    expect(await log()).toEqual(['created old baseline', 'deleted old']);
  });

  test('that misses too much is believed when it still does 30 s later', async () => {
    const ids = many(100);
    await ours.sync(source, { events: [...ids.map((id) => upsert(id, '1')), complete(ids)] });
    expect((await ours.sync(source, { events: [complete(ids.slice(50))] })).held.get('ResourcePool')).toBe(50);
    now = 30_000;
    const { held, appended } = await ours.sync(source, { events: [complete(ids.slice(50))] });
    expect({ held: held.size, appended }).toEqual({ held: 0, appended: 50 });
  });

  test('costs one look through the store, however many objects it completes', async () => {
    let scans = 0;
    const objectsOf = (instance: string) => {
      scans += 1;
      return store.objectsOf(instance);
    };
    const counted = feed({ ...store, objectsOf });
    for (let round = 0; round < 3; round += 1) {
      await counted.sync(source, { events: [upsert('a', '1'), complete(['a']), complete([], 'Resource')] });
    }
    expect(scans).toBe(1);
  });
});

describe('a list under way while others write', () => {
  test('neither changes nor deletes nor brings back what was written since it began', async () => {
    await ours.sync(source, { events: [upsert('a', '1'), upsert('b', '1')] });
    const since = await store.head();
    await feed(store).observe(source, [upsert('a', '2'), upsert('c', '1')]);
    const listed = [upsert('a', '1', { listed: true }), upsert('b', '2', { listed: true }), complete(['a', 'b'])];
    const { ignored } = await ours.sync(source, { events: listed, since });
    expect(ignored).toBe(1);
    expect((await log()).slice(-1)).toEqual(['modified b']);
    expect((await store.objects([{ object: 'ResourcePool', id: 'a' }]))[0]?.value).toEqual({ name: '2' });
  });

  test('may change again what it has changed itself', async () => {
    const since = await store.head();
    await ours.sync(source, { events: [upsert('a', '1', { listed: true })], since });
    const { ignored } = await ours.sync(source, { events: [upsert('a', '2', { listed: true })], since });
    expect(ignored).toBe(0);
    expect(await log()).toEqual(['created a baseline', 'modified a']);
  });
});

describe('what is written', () => {
  test('is nothing for what is known, not even an append', async () => {
    await ours.sync(source, { events: [upsert('a', '1', { version: '1' })] });
    let appends = 0;
    const counted = feed({ ...store, append: (append) => ((appends += 1), store.append(append)) });
    await counted.sync(source, { events: [upsert('a', '1', { version: '1' })] });
    expect(appends).toBe(0);
    await counted.sync(source, { events: [upsert('a', '1', { version: '2' })] });
    expect({ appends, log: (await log()).length }).toEqual({ appends: 1, log: 1 });
  });

  test('goes in one append: created, changed, gone and created again', async () => {
    const events = [
      upsert('a', '1'),
      upsert('a', '2'),
      gone('a'),
      upsert('a', '3', { version: '1' }),
      upsert('a', '3', { version: '2' }),
    ];
    await ours.sync(source, { events });
    expect(await log()).toEqual(['created a baseline', 'modified a', 'deleted a', 'created a baseline']);
    expect((await store.objects([{ object: 'ResourcePool', id: 'a' }]))[0]).toMatchObject({ nativeVersion: '2' });
  });

  test('may be thousands at once', async () => {
    const { appended } = await ours.sync(source, { events: many(1200).map((id) => upsert(id, '1')) });
    expect(appended).toBe(1200);
  });

  test('is judged anew when somebody else was faster', async () => {
    let intruded = false;
    const raced = feed({
      ...store,
      async append(append) {
        if (!intruded) {
          intruded = true;
          await ours.observe(source, [upsert('a', '1', { version: '9' })]);
        }
        return store.append(append);
      },
    });
    const newer = (a: string, b: string) => Number(a) > Number(b);
    await raced.sync({ ...source, newer }, { events: [upsert('a', '0', { version: '8' }), upsert('b', '1')] });
    expect(await log()).toEqual(['created a', 'created b baseline']);
  });

  test('is refused once another process holds the lease', async () => {
    const fence = (await store.lease('watch', 'me', 1))!;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await store.lease('watch', 'you', 10_000);
    await expect(ours.sync(source, { events: [upsert('a', '1')], fence })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(await log()).toEqual([]);
  });

  test('after a write that failed goes on', async () => {
    let fails = true;
    const flaky = feed({
      ...store,
      append: (append) => (fails ? Promise.reject(new Error('full')) : store.append(append)),
    });
    await expect(flaky.sync(source, { events: [upsert('a', '1')] })).rejects.toThrow('full');
    fails = false;
    await flaky.sync(source, { events: [upsert('a', '1')] });
    expect(await log()).toEqual(['created a baseline']);
  });
});

test('an observation without news answers a position behind what made it so', async () => {
  const seen = ours.sync(source, { events: [upsert('a', '1')] });
  const { position } = await ours.observe(source, []);
  expect(position).toEqual((await seen).position);
});

test('a projection that makes other values restates, once, and nothing else', async () => {
  await ours.sync(source, { events: [upsert('a', '1', { version: '1' }), upsert('b', '1'), complete(['a', 'b'])] });
  const before = (await log()).length;
  const later = { ...source, projection: 'p2' };
  for (let start = 0; start < 2; start += 1) {
    await feed(store).sync(later, {
      events: [upsert('a', 'new', { version: '1' }), upsert('b', '1'), complete(['a', 'b'])],
    });
  }
  expect((await log()).slice(before)).toEqual(['restated a']);
});
