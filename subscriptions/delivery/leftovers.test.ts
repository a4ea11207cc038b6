import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until, world, type World } from '../testing/deliveries.js';
import { kinds } from './documents.js';

let house: World;
beforeEach(async () => {
  house = await world();
});
afterEach(() => house.close());

/** Everything that is kept of a subscription. */
async function kept(id: string): Promise<readonly string[]> {
  const { delivery, secret, replay, deadLetter } = kinds;
  const all = [delivery, secret, replay, deadLetter].map(async (kind) => {
    const ids = await house.store.ids(kind);
    return ids.filter((each) => each.split('/')[0] === id).map((each) => `${kind} ${each}`);
  });
  return (await Promise.all(all)).flat();
}

async function half(): Promise<string> {
  const id = randomUUID();
  await house.deliveries.begin(id, undefined);
  for (let n = 0; n < 3; n += 1) await house.store.put(kinds.deadLetter, `${id}/${n}`, {}, 0);
  await house.store.put(kinds.replay, `${id}/x`, {}, 0);
  return id;
}

test('what a crash left of a subscription that never stood is swept away, and nothing else', async () => {
  const left = [await half(), await half(), await half()];
  const stands = await house.subscribe('http://127.0.0.1:1/hook');
  await house.store.put(kinds.deadLetter, `${stands}/0`, {}, 0);
  await house.deliverer({ grace: 30 });
  await until(async () => (await Promise.all(left.map(kept))).flat().length === 0);
  expect(await kept(stands)).toHaveLength(3);
});

test('one that is being made keeps what it has, although it does not stand yet', async () => {
  const made = await half();
  const left = await half();
  await house.deliverer({ grace: 300 });
  const value = { subscriptionId: made, callback: 'http://127.0.0.1:1/hook', state: 'active', apiMajor: 'v2' };
  await house.owned.create({ object: 'InventorySubscription', id: made, tenant: 'a', value });
  await until(async () => (await kept(left)).length === 0);
  expect(await kept(made)).toContain(`${kinds.secret} ${made}`);
});

test('one that ends leaves nothing', async () => {
  const id = await house.subscribe('http://127.0.0.1:1/hook');
  await house.store.put(kinds.deadLetter, `${id}/0`, {}, 0);
  await house.remove(id);
  expect(await kept(id)).toEqual([]);
});

test('what a restore writes while a deletion clears up stays', async () => {
  const id = await half();
  const forget = await house.deliveries.ending(id);
  const forgetting = forget();
  const before = (await house.store.get(kinds.secret, id))!;
  await house.store.put(kinds.secret, id, { sealed: 'restored' }, before.revision);
  const delivery = await house.store.get(kinds.delivery, id);
  expect(await house.store.put(kinds.delivery, id, delivery!.value, delivery!.revision)).toBeDefined();
  await forgetting;
  expect((await house.store.get(kinds.secret, id))?.value).toEqual({ sealed: 'restored' });
  expect(await house.store.get(kinds.delivery, id)).toBeDefined();
});

test('what a restore writes when a deletion beside it is done stays, whoever still clears up after the same one', async () => {
  const id = await half();
  const sweeps = await house.deliveries.ending(id);
  await (
    await house.deliveries.ending(id)
  )();
  expect(await kept(id)).toEqual([]);
  // A restore has written secret and place, and is about to create the row.
  await house.store.put(kinds.secret, id, { sealed: 'restored' }, 0);
  await house.store.put(kinds.delivery, id, { position: '1.a' }, 0);
  await sweeps();
  expect(await kept(id)).toEqual([`${kinds.delivery} ${id}`, `${kinds.secret} ${id}`]);
});

test('nothing is taken from one that stands again', async () => {
  const id = await house.subscribe('http://127.0.0.1:1/hook');
  await house.store.put(kinds.deadLetter, `${id}/0`, {}, 0);
  const before = await kept(id);
  await (
    await house.deliveries.ending(id)
  )();
  expect(await kept(id)).toEqual(before);
  expect(before).toHaveLength(3);
});
