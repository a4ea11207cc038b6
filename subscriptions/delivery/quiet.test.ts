import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { formatPosition } from '#schema/position.js';
import { until, world, type World } from '../testing/deliveries.js';
import { receiver, type Receiver } from '../testing/receiver.js';
import { kinds, shardOf } from './documents.js';

let house: World;
let to: Receiver;
beforeEach(async () => {
  house = await world();
  to = await receiver();
});
afterEach(async () => {
  await house.close();
  await to.close();
});

/** Shards of who crashed are free after so long. */
const shards = { ttl: 1500 };

test('a subscription that wants nothing of what happens is not behind, and loses nothing when the log is trimmed', async () => {
  const id = await house.subscribe(to.url, { filter: 'wanted' });
  const first = await house.deliverer({ shards });
  await house.change('x', 'y', 'z');
  const status = () => house.deliveries.status(house.subscriber(id));
  await until(async () => (await status()).lagEvents === 0);
  expect(await status()).toMatchObject({ delivered: 0, lagSeconds: 0 });
  first.abandon();
  await house.store.trim({ hours: 0, bytes: 1 });
  await house.deliverer({ shards });
  await house.change('wanted');
  await until(() => to.all.length === 1);
  expect((await house.row(id)).value).toMatchObject({ state: 'active' });
});

test('nor is one that changed while its shard was taken up', async () => {
  const id = await house.subscribe(to.url);
  const { promise: opens, resolve: open } = Promise.withResolvers<void>();
  const reached = () => opens;
  const deliverer = await house.deliverer({ shards, subscribers: { ...house.subscribers, reached } });
  await house.rewrite(id, { consumerSubscriptionId: 'changed' });
  await until(() => deliverer.state().subscriptions === 1);
  open();
  await house.change('x');
  const mark = async () => (await house.store.get(kinds.mark, String(shardOf(id))))?.value['position'];
  await until(async () => (await mark()) === formatPosition(await house.store.head()));
});
