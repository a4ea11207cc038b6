import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Lease, Store } from '#platform/store/store.js';
import type { ObjectEvent } from '#adapters/kit/materialise.js';
import { origin } from '#schema/position.js';
import { feed } from './feed.js';
import { removeObjectsOf } from './remove-instance.js';

let store: Store;
let fence: Lease;
beforeEach(async () => {
  store = await openEmbeddedStore({ memory: true });
  fence = (await store.lease('watch/east', 'me', 60_000))!;
});
afterEach(() => store.close());

async function fill(instance: string, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, index): ObjectEvent => {
    const id = `${instance}-${index}`;
    return { type: 'upsert', object: 'Resource', id, identity: id, tenant: null, value: { resourcePoolId: 'p' } };
  });
  await feed(store).sync({ instance, projection: 'p' }, { events });
}

test('every object of the instance goes with a change, and nothing else does', async () => {
  await fill('east', 1234);
  await fill('west', 3);
  const head = await store.head();
  expect(await removeObjectsOf(store, 'east', fence)).toBe(1234);
  const read = await store.read(head, 5000);
  const changes = read.outcome === 'read' ? read.changes : [];
  expect(new Set(changes.map(({ change, instance }) => `${change} ${instance}`))).toEqual(new Set(['deleted east']));
  expect(changes).toHaveLength(1234);
  expect(changes[0]?.reversePatch).toEqual({ resourcePoolId: 'p' });
  const { marks } = await store.snapshot();
  expect(marks.get('Resource/p')).toEqual(await store.head());
  expect((await store.read(origin, 1)).outcome).toBe('read');
  expect(await removeObjectsOf(store, 'east', fence)).toBe(0);
});

test('an object that changes at that moment goes all the same', async () => {
  await fill('east', 2);
  let raced = false;
  const racing: Store = {
    ...store,
    async append(append) {
      if (!raced) {
        raced = true;
        const changed: ObjectEvent = {
          type: 'upsert',
          object: 'Resource',
          id: 'east-0',
          identity: 'east-0',
          tenant: null,
          value: {},
        };
        await feed(store).observe({ instance: 'east', projection: 'p' }, [changed]);
      }
      return store.append(append);
    },
  };
  expect(await removeObjectsOf(racing, 'east', fence)).toBe(2);
});

test('nothing goes once the lease is lost: somebody reads the backend again', async () => {
  await fill('east', 2);
  await store.release(fence);
  await expect(removeObjectsOf(store, 'east', fence)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  for await (const chunk of store.objectsOf('east')) expect(chunk).toHaveLength(2);
});
