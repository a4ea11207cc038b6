import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { quick, until, world, type World } from '../testing/deliveries.js';
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
