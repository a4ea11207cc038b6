import { afterEach, expect, test } from '@jest/globals';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { until, world, type World } from '../testing/deliveries.js';
import { answer, receiver, type Receiver } from '../testing/receiver.js';
import { kinds, markOf, progressOf, shardOf } from './documents.js';

let house: World;
let to: Receiver;
afterEach(async () => {
  await house.close();
  await to.close();
});

/** A store whose replicas, while they are gone, confirm nothing: what waits for them is refused. */
async function withoutReplicas() {
  const store = await openEmbeddedStore({ memory: true });
  const replicas = { gone: false };
  const put: Store['put'] = (...given) => {
    if (replicas.gone && !given[4]?.loose) return Promise.reject(new Error('No replica confirmed.'));
    return store.put(...given);
  };
  return { store: { ...store, put }, replicas };
}

test('the mark of a shard does not pass what only a primary knows to be owed', async () => {
  const { store, replicas } = await withoutReplicas();
  house = await world({ store });
  to = await receiver();
  const id = await house.subscribe(to.url);
  await house.deliverer();
  await house.change('x');
  const owed = async () => progressOf((await store.get(kinds.delivery, id))!.value).owed;
  const marked = async () => {
    const stored = await store.get(kinds.mark, String(shardOf(id)));
    return stored && markOf(stored.value).position.seq;
  };
  await until(async () => (await owed()) === undefined);
  const seq = async () => (await store.head()).seq;
  await until(async () => (await marked()) === (await seq()));
  const before = await marked();

  replicas.gone = true;
  to.behave(answer(503, { 'Retry-After': '600' }));
  await house.change('x');
  await until(() => to.all.length === 2);
  // Longer than anything owed may go without being written down, and several marks.
  await new Promise((resolve) => setTimeout(resolve, 800));
  expect([await owed(), await marked()]).toEqual([undefined, before]);

  replicas.gone = false;
  await until(async () => (await owed()) !== undefined && (await marked()) === (await seq()));
});
