import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Fault } from '#schema/errors.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { openView, type View } from '../inventory/view.js';
import { callOf, subscriptionsOf } from './testing/subscriptions.js';

let store: Store;
let view: View;
beforeEach(async () => {
  store = await openEmbeddedStore({ memory: true });
  view = await openView(store, () => undefined);
});
afterEach(async () => {
  view.stop();
  await store.close();
});

const call = (tenant: string | undefined) => callOf(view, tenant);
const wanted = (name: string) =>
  ({
    callback: `http://smo/${name}`,
    apiMajor: 'v2',
    filterMode: 'exclude',
    ordering: 'strict',
    states: 'object',
  }) as const;

type Limits = Parameters<typeof subscriptionsOf>[1];

/** How many of so many that come at once are made, and the code of the others. */
async function atOnce(limits: Limits, tenants: readonly (string | undefined)[]): Promise<Record<string, number>> {
  const { create } = subscriptionsOf(store, limits);
  const all = await Promise.allSettled(tenants.map((tenant, index) => create(call(tenant), wanted(String(index)))));
  const ends = all.map((each) => (each.status === 'fulfilled' ? 'made' : (each.reason as Fault).code));
  return Object.fromEntries([...Map.groupBy(ends, (end) => end)].map(([end, { length }]) => [end, length]));
}

const times = (count: number, tenant?: string) => Array.from({ length: count }, () => tenant);

test('of those that come at once, no more are made than may be', async () => {
  expect(await atOnce({ subscriptions: 3 }, times(8))).toEqual({ made: 3, QUOTA_EXCEEDED: 5 });
  expect(view.kind('InventorySubscription').size).toBe(3);
});

test('a tenant has a quarter of them unless told otherwise, and takes nothing from others', async () => {
  expect(await atOnce({ subscriptions: 8 }, times(5, 'a'))).toEqual({ made: 2, QUOTA_EXCEEDED: 3 });
  expect(await atOnce({ subscriptions: 8 }, times(5, 'b'))).toEqual({ made: 2, QUOTA_EXCEEDED: 3 });
  expect(await atOnce({ subscriptions: 8 }, times(5))).toEqual({ made: 4, QUOTA_EXCEEDED: 1 });
});

test('one that is not made leaves its place, and so does one that is deleted', async () => {
  const limits = { subscriptions: 4, subscriptionsPerTenant: 1 };
  const append: Store['append'] = () => Promise.reject(new Fault('UNAVAILABLE', 'The store is full.'));
  const failing = subscriptionsOf({ ...store, append }, limits);
  await expect(failing.create(call('a'), wanted('x'))).rejects.toThrow('The store is full.');
  const { create, delete: remove } = subscriptionsOf(store, limits);
  const made = await create(call('a'), wanted('x'));
  await expect(create(call('a'), wanted('y'))).rejects.toMatchObject({
    code: 'QUOTA_EXCEEDED',
    message:
      'Your tenant may have 1 subscription (limits.subscriptionsPerTenant), and has that many; delete one first.',
  });
  await expect(create(call('a'), wanted('x'))).rejects.toMatchObject({ code: 'CONFLICT' });
  await remove(call('a'), made.id!);
  await create(call('a'), wanted('y'));
});

test('what is restored stands, however many there may be', async () => {
  const limits = { subscriptions: 1 };
  const { create, delete: remove, backups } = subscriptionsOf(store, { subscriptions: 9 });
  const lines = [];
  for (const name of ['x', 'y']) {
    const { row } = await create(call(undefined), wanted(name));
    lines.push((await backups.lineOf(row!))!);
    await remove(call(undefined), row!.id);
  }
  const { backups: few, create: more } = subscriptionsOf(store, limits);
  expect(await few.restore(lines, { replace: false, check: false })).toMatchObject({ created: 2 });
  await view.reached(await store.head());
  expect(view.kind('InventorySubscription').size).toBe(2);
  await expect(more(call(undefined), wanted('z'))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
});
