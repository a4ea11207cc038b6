import { afterEach, expect, test } from '@jest/globals';
import type { ToldEvent } from '../log/told-event.js';
import { GroupIndex } from './group-index.js';
import { until } from '../testing/deliveries.js';
import { audience, memory, type Audience, type Listener } from '../testing/listeners.js';

let house: Audience;
afterEach(() => house.close());

const idsOf = ({ heard }: Listener) => heard.map(({ what }) => what.split(' ')[0]);
const names = (count: number) => Array.from({ length: count }, (_each, index) => `x${index}`);
const broken = {
  key: 'broken',
  wants({ change }: ToldEvent): boolean {
    if (change.id === 'bad') throw new Error('It cannot be asked.');
    return true;
  },
};

test('a stream that cannot be asked what it wants ends, and no other', async () => {
  house = await audience(await memory());
  const [before, bad, after] = [house.listen(), house.listen(broken), house.listen({ key: 'other' })];
  await house.happen('a');
  await until(() => bad.heard.length === 1);
  await house.happen('bad', 'bad');
  await house.happen('b');
  await until(() => [before, after].every(({ heard }) => heard.length === 4));
  for (const one of [before, after]) expect([idsOf(one), one.ended]).toEqual([['a', 'bad', 'bad', 'b'], []]);
  expect([idsOf(bad), bad.ended]).toEqual([['a'], ['INTERNAL']]);
  expect(house.failures).toEqual([new Error('It cannot be asked.')]);
});

test.each([10, 2000])('so does one that catches up with %i changes, and each that comes again', async (count) => {
  house = await audience(await memory());
  const [since] = await house.happen('a');
  for (let batch = 0; batch < count; batch += 10) await house.happen(...names(10));
  await house.happen('bad');
  const [first, next] = [house.listen(broken, since), house.listen(broken, since)];
  await until(() => first.ended.length === 1 && next.ended.length === 1);
  const again = house.listen(broken, since);
  await until(() => again.ended.length === 1);
  expect([first, next, again].flatMap(({ ended }) => ended)).toEqual(Array(3).fill('INTERNAL'));
  expect(house.failures).toHaveLength(2);
});

test('what could not be handed to anybody is read from the log, and what follows is told', async () => {
  let broke = false;
  house = await audience(await memory(), () => {
    if (broke) return Promise.resolve();
    broke = true;
    throw new Error('It cannot be asked.');
  });
  const one = house.listen();
  await house.happen('a');
  await until(() => one.heard.length === 1);
  await house.happen('b');
  await until(() => one.heard.length === 2);
  expect([idsOf(one), house.failures]).toEqual([['a', 'b'], [new Error('It cannot be asked.')]]);
});

test('nor is anything lost of what nobody could be looked up for', async () => {
  house = await audience(await memory());
  const one = house.listen();
  await house.happen('a');
  await until(() => one.heard.length === 1);
  const { keyedFor } = GroupIndex.prototype;
  GroupIndex.prototype.keyedFor = () => {
    throw new Error('It cannot be asked.');
  };
  try {
    await house.happen('b');
    await until(() => house.failures.length === 1);
  } finally {
    GroupIndex.prototype.keyedFor = keyedFor;
  }
  await house.happen('c');
  await until(() => one.heard.length === 3);
  expect(idsOf(one)).toEqual(['a', 'b', 'c']);
});

test('a stream whose end takes nothing more ends, and no other', async () => {
  house = await audience(await memory());
  const ended: string[] = [];
  house.hub.join<string>(
    { key: 'closed', wants: () => true, tell: ({ change }) => Promise.resolve(change.id) },
    {
      take() {
        throw new Error('It is closed.');
      },
      whenRoom: () => undefined,
      end: ({ code }) => void ended.push(code),
    },
  );
  const other = house.listen();
  // So that both are current.
  await new Promise((resolve) => setTimeout(resolve, 50));
  await house.happen('a');
  await house.happen('b');
  await until(() => other.heard.length === 2 && ended.length > 0);
  expect([ended, house.failures]).toEqual([['INTERNAL'], [new Error('It is closed.')]]);
});
