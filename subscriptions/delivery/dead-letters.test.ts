import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { quick, until, world, type World } from '../testing/deliveries.js';
import { ofBackup } from './dead-letters.js';
import { kinds } from './documents.js';
import { answer, good, receiver, type Receiver } from '../testing/receiver.js';

let house: World;
let to: Receiver;
beforeEach(async () => {
  house = await world();
  to = await receiver(answer(500));
});
afterEach(async () => {
  await house.close();
  await to.close();
});

const policy = { ...quick, giveUpAfter: 30 };
const never = new AbortController().signal;
const state = async (id: string) => (await house.row(id)).value['state'];

test('no more dead letters are kept than was said: the oldest go, and are counted', async () => {
  const id = await house.subscribe(to.url);
  await house.deliverer({ policy, deadLetters: 3 });
  await house.change(...new Array<string>(8).fill('x'));
  await until(() => house.counts.dead === 8);
  const status = () => house.deliveries.status(house.subscriber(id));
  await until(async () => (await status()).deadLettersDropped === 5);
  expect(await status()).toMatchObject({ deadLetters: 3 });
  expect(house.counts.dropped).toBe(5);
  const { items } = await house.deliveries.deadLetters(id, { first: 10 });
  expect(items.map(({ body }) => (body as { readonly n: number }).n)).toEqual([6, 7, 8]);
});

/** A letter as a backup of another log brought it. */
const brought = (id: string, seq: number) =>
  house.store.put(
    kinds.deadLetter,
    `${id}/${ofBackup}${String(seq).padStart(15, '0')}`,
    { notificationId: `old-${seq}`, body: '{}' },
    0,
  );

test('what a backup of another log brought is older than what is given up here, and keeps its place beside it', async () => {
  const id = await house.subscribe(to.url);
  const { seq } = await house.store.head();
  for (const old of [seq + 1, 1_000_000, 1_000_001]) await brought(id, old);
  await house.deliverer({ policy, deadLetters: 4 });
  await house.change('x', 'x');
  await until(() => house.counts.dropped === 1);
  const { items } = await house.deliveries.deadLetters(id, { first: 10 });
  expect(items.map(({ notificationId }) => notificationId.startsWith('old-'))).toEqual([true, true, false, false]);
  expect(items[0]!.notificationId).toBe('old-1000000');
});

test('a letter of a change that a failover took away makes room for the one that stands there now, and is counted', async () => {
  const id = await house.subscribe(to.url);
  const { seq } = await house.store.head();
  const key = `${id}/1${String(seq + 1).padStart(15, '0')}`;
  await house.store.put(kinds.deadLetter, key, { notificationId: 'other', body: '{}' }, 0);
  await house.deliverer({ policy });
  await house.change('x');
  await until(() => house.counts.dead === 1);
  const { items } = await house.deliveries.deadLetters(id, { first: 10 });
  expect(items).toHaveLength(1);
  expect(items[0]!.notificationId).not.toBe('other');
  expect(house.counts.dropped).toBe(1);
});

test('a 410 to one that is sent again ends the subscription as every 410 does', async () => {
  const id = await house.subscribe(to.url);
  await house.deliverer({ policy });
  await house.change('x');
  await until(() => house.counts.dead === 1);
  to.behave(answer(410));
  await house.deliveries.replay(house.subscriber(id), { deadLetters: 'all' }, never);
  await until(async () => (await state(id)) === 'disabled');
  expect((await house.row(id)).value['stateReason']).toMatch(/410/);
  const asked = to.all.length;
  await house.change('x');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(to.all).toHaveLength(asked);
  to.behave(good);
  await house.rewrite(id, { state: 'active' });
  await until(() => to.all.at(-1)!.body.n === 2 && to.all.at(-1)!.taken);
});
