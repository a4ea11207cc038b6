import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until, world, type World } from '../testing/deliveries.js';
import { receiver, type Receiver } from '../testing/receiver.js';

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
