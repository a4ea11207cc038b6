import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until, world, type World } from '../testing/deliveries.js';
import { receiver, type Receiver } from '../testing/receiver.js';

let house: World;
let to: Receiver;
let other: Receiver;
beforeEach(async () => {
  house = await world();
  [to, other] = [await receiver(), await receiver()];
  await house.deliverer();
});
afterEach(async () => {
  await house.close();
  await to.close();
  await other.close();
});

const shown = ({ all }: Receiver) => all.map(({ headers }) => headers.authorization);
const credentialsOf = (callback: string, bearer: string) => ({
  credentialsId: randomUUID(),
  callback,
  credentials: { bearer },
});

async function told(receiver: Receiver): Promise<void> {
  const before = receiver.all.length;
  await house.change('x');
  await until(() => receiver.all.length > before);
}

test('credentials are shown from the change of the row that names them, and only to their callback', async () => {
  const id = await house.subscribe(to.url);
  const first = credentialsOf(to.url, 'first');
  await house.deliveries.keepCredentials(house.subscriber(id), first);
  await house.rewrite(id, { credentialsId: first.credentialsId });
  await told(to);
  const second = credentialsOf(other.url, 'second');
  await house.deliveries.keepCredentials(house.subscriber(id), second);
  await told(to);
  await house.rewrite(id, { credentialsId: second.credentialsId, callback: other.url });
  await told(other);
  expect([shown(to), shown(other)]).toEqual([['Bearer first', 'Bearer first'], ['Bearer second']]);
});

test('a change that was refused leaves the credentials as they are', async () => {
  const id = await house.subscribe(to.url);
  const first = credentialsOf(to.url, 'first');
  await house.deliveries.keepCredentials(house.subscriber(id), first);
  await house.rewrite(id, { credentialsId: first.credentialsId });
  const refused = credentialsOf(to.url, 'refused');
  await house.deliveries.keepCredentials(house.subscriber(id), refused);
  await house.deliveries.dropCredentials(id, refused.credentialsId);
  await told(to);
  expect(shown(to)).toEqual(['Bearer first']);
  expect(await house.deliveries.credentials(house.subscriber(id))).toEqual({ bearer: 'first' });
});

test('a row that names credentials of another callback, or none that are kept, is told nothing', async () => {
  const id = await house.subscribe(to.url);
  const first = credentialsOf(other.url, 'first');
  await house.deliveries.keepCredentials(house.subscriber(id), first);
  await house.rewrite(id, { credentialsId: first.credentialsId });
  await house.change('x');
  const failure = async () => (await house.deliveries.status(house.subscriber(id))).lastAttempt?.error;
  await until(async () => (await failure()) !== undefined);
  expect(await failure()).toMatch(/no credentials for its callback; give them again/);
  await house.rewrite(id, { credentialsId: randomUUID() });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([to.all, other.all]).toEqual([[], []]);
});
