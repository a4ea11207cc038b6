import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Fault } from '#schema/errors.js';
import { objectNames, objects } from '#schema/objects.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { openView, type View } from '../inventory/view.js';
import type { Call } from './operation.js';
import { subscriptionsOf } from './testing/subscriptions.js';

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

const permissions = new Set(objectNames.map((name) => `${objects[name].collection}:read`));
const value = { callback: 'http://smo/hook', apiMajor: 'v2', filterMode: 'exclude' } as const;
const wanted = { ...value, ordering: 'strict', states: 'object', credentials: { bearer: 'token' } } as const;

function call(): Call {
  const scope = { tenant: 'a', permissions, key: 'k' };
  return { scope, view, signal: new AbortController().signal } as unknown as Call;
}

const kept = async () => (await Promise.all(['delivery', 'deliverySecret'].map((kind) => store.ids(kind)))).flat();

test('a subscription that could not be made leaves nothing behind', async () => {
  const append: Store['append'] = () => Promise.reject(new Fault('UNAVAILABLE', 'The store is full.'));
  await expect(subscriptionsOf({ ...store, append }).create(call(), wanted)).rejects.toThrow('The store is full.');
  expect(await kept()).toEqual([]);
});

test('one that stands although nobody confirmed it keeps what it has', async () => {
  const append: Store['append'] = async (...given) => {
    await store.append(...given);
    throw new Fault('UNAVAILABLE', 'No replica confirmed.');
  };
  await expect(subscriptionsOf({ ...store, append }).create(call(), wanted)).rejects.toThrow('No replica confirmed.');
  expect(await kept()).toHaveLength(2);
});

test('the second of two equal ones leaves nothing behind', async () => {
  const made = await subscriptionsOf(store).create(call(), wanted);
  await expect(subscriptionsOf(store).create(call(), wanted)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await kept()).toEqual([made.id, made.id]);
});
