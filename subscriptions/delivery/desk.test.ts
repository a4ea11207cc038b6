import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until, world, type World } from '../testing/deliveries.js';
import { answer, good, receiver, type Receiver } from '../testing/receiver.js';
import { kinds } from './documents.js';

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

const status = (id: string) => house.deliveries.status(house.subscriber(id));

test.each(['paused', 'disabled'])('no next attempt is announced while a subscription is %s', async (state) => {
  const id = await house.subscribe(to.url);
  await house.deliverer({ policy: { pauses: [3_600_000] } });
  await house.change('x');
  await until(async () => (await status(id)).nextAttempt !== undefined);
  await house.rewrite(id, { state });
  const stopped = await status(id);
  expect(stopped).toMatchObject({ attempts: 1, lastAttempt: { status: 500 } });
  expect(stopped).not.toHaveProperty('nextAttempt');
  to.behave(good);
  await house.rewrite(id, { state: 'active' });
  await until(async () => (await status(id)).delivered === 1);
  expect(await status(id)).not.toHaveProperty('nextAttempt');
});

test('the next attempt of a degraded subscription is announced', async () => {
  const id = await house.subscribe(to.url);
  await house.deliverer({ policy: { pauses: [20, 3_600_000], degradedAfter: 2 } });
  await house.change('x');
  await until(async () => (await house.row(id)).value['state'] === 'degraded');
  await until(async () => (await status(id)).attempts === 2);
  expect((await status(id)).nextAttempt).toBeDefined();
});

const lost = 'The log was trimmed before all was delivered; changes are missing.';
test.each([
  ['degraded', { lost }, { lost }],
  ['paused', { lost }, { lost }],
  ['paused', { lost, untold: true }, { lost }],
  ['disabled', { lost, untold: true }, { lost }],
  // It was resumed, and its row is about to say so.
  ['active', { lost, untold: true }, { lost }],
  // It was resumed after its row had said so: nobody has noted that yet.
  ['active', { lost }, {}],
  ['active', {}, {}],
])('of one that is %s and notes %j is said: %j', async (state, noted, said) => {
  const id = await house.subscribe(to.url, { state });
  const { value, revision } = (await house.store.get(kinds.delivery, id))!;
  await house.store.put(kinds.delivery, id, { ...value, ...noted }, revision);
  const { lost: shown } = await status(id);
  expect(shown === undefined ? {} : { lost: shown }).toEqual(said);
});
