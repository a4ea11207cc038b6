import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { formatPosition, origin } from '#schema/position.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { until, world, type World } from '../testing/deliveries.js';
import { receiver, type Receiver } from '../testing/receiver.js';
import { kinds } from './documents.js';

let store: Store;
let house: World;
let hole: Receiver;
let to: Receiver;
beforeEach(async () => {
  store = await openEmbeddedStore({ memory: true });
  house = await world({ store });
  [hole, to] = [await receiver(), await receiver()];
});
afterEach(async () => {
  await house.close();
  await hole.close();
  await to.close();
});

const soon = () => new Promise((resolve) => setTimeout(resolve, 200));

/** A subscription whose notification waits for the only place there is, behind one that is not answered yet. */
async function behindAnother() {
  const held: ServerResponse[] = [];
  hole.behave((response) => void held.push(response));
  let tailWaits = false;
  const read: Store['read'] = async (...given) => {
    while (tailWaits) await new Promise((resolve) => setTimeout(resolve, 5));
    return store.read(...given);
  };
  await house.subscribe(hole.url, { filter: 'hole' });
  const id = await house.subscribe(to.url, { filter: 'x' });
  const parallel = { perEndpoint: 1, perTenant: 1, altogether: 1 };
  const deliverer = await house.deliverer({ store: { ...store, read }, parallel });
  await until(() => deliverer.state().subscriptions === 2 && deliverer.state().behind === 0);
  // What signs it is known from then on.
  await house.change('x');
  await until(() => to.all.length === 1);
  await house.change('hole');
  await until(() => held.length === 1);
  await house.change('x');
  await soon();
  // What becomes of the subscription, the view alone knows.
  tailWaits = true;
  const free = () => {
    hole.behave((response) => void response.writeHead(204).end());
    held.forEach((response) => response.writeHead(204).end());
  };
  return { id, free, goOn: () => (tailWaits = false) };
}

test('who is paused while it waits for a place is told nothing, and all of it when it is resumed', async () => {
  const { id, free, goOn } = await behindAnother();
  await house.rewrite(id, { state: 'paused' });
  free();
  await soon();
  expect(to.all).toHaveLength(1);
  await house.rewrite(id, { state: 'active' });
  goOn();
  await until(() => to.all.length === 2);
});

test('who is deleted while it waits for a place is told nothing, though the log is not followed that far', async () => {
  const { id, free, goOn } = await behindAnother();
  await house.remove(id);
  free();
  await soon();
  goOn();
  await house.change('hole');
  await until(() => hole.all.length === 2);
  expect(to.all).toHaveLength(1);
});

test('an order to send again is carried out once, though it cannot be taken away', async () => {
  const id = await house.subscribe(to.url);
  let tried = 0;
  const remove: Store['remove'] = (...given) => {
    if (given[0] !== kinds.replay) return store.remove(...given);
    tried += 1;
    return Promise.reject(new Error('The store is away.'));
  };
  await house.deliverer({ store: { ...store, remove } });
  await house.change('x', 'y');
  await until(() => to.all.length === 2);
  const since = (await house.row(id)).position;
  await house.deliveries.replay(house.subscriber(id), { since: formatPosition(since) }, new AbortController().signal);
  await until(() => tried > 3);
  await soon();
  expect(to.all.map(({ body }) => body.n)).toEqual([1, 2, 1, 2]);
});

test('what replicas have not confirmed is told to nobody until they have', async () => {
  const confirmed = { yet: true };
  const confirm: Store['confirm'] = (position) => (confirmed.yet ? store.confirm(position) : Promise.resolve(false));
  await house.subscribe(to.url);
  const deliverer = await house.deliverer({ store: { ...store, confirm } });
  await until(() => deliverer.state().subscriptions === 1 && deliverer.state().behind === 0);
  confirmed.yet = false;
  await house.change('x');
  await soon();
  expect(to.all).toEqual([]);
  confirmed.yet = true;
  await until(() => to.all.length === 1);
});

test('who was just made is told what comes, though the view does not show it yet', async () => {
  const behind = { ...house.subscribers, get: () => undefined, all: () => [], position: () => origin };
  await house.deliverer({ subscribers: behind });
  await house.subscribe(to.url);
  await house.change('x');
  await until(() => to.all.length === 1);
});
