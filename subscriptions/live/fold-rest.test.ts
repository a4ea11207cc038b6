import { expect, test } from '@jest/globals';
import type { Position } from '#schema/position.js';
import { until } from '../testing/deliveries.js';
import { audience, memory, type Audience, type Listener } from '../testing/listeners.js';
import { twoServers } from '../testing/two-servers.js';
import type { Stream } from './stream.js';

const objects = Array.from({ length: 600 }, (_each, index) => `x${index}`);
const withGaps: Partial<Stream<string>> = {
  key: 'with gaps',
  tell: ({ change: { id }, conflated }) => Promise.resolve(`${id} ${conflated ? 'folded' : 'one'}`),
  tellGap: ({ reason }) => Promise.resolve(reason),
};
const folded = objects.slice(0, 5).map((id) => `${id} folded`);
const saysOf = ({ heard }: Listener) => heard.map(({ what }) => what);

/** The hub has come to a place, and somebody has read all that leads there. */
async function passed(house: Audience, end: Position, since?: Position): Promise<void> {
  const { seat, leave } = house.listen({ key: 'other', wants: () => false }, since);
  await until(() => seat.position()?.seq === end.seq);
  leave();
}

/** Somebody who has taken five objects of 600 that changed three times each. */
async function resting(house: Audience, since: Position): Promise<Listener> {
  const listener = house.listen(withGaps, since, 5);
  await until(() => listener.heard.length === 5);
  expect(saysOf(listener)).toEqual(folded);
  return listener;
}

test('who rests in the midst of what is folded is told of a gap when the log begins behind the first of it', async () => {
  const store = await memory();
  const house = await audience(store);
  const [since] = await house.happen('first');
  for (let round = 0; round < 18; round += 1)
    await house.happen(...objects.slice(200 * (round % 3), 200 * (round % 3) + 200));
  const listener = await resting(house, since!);
  // What was read of it is in memory until others have read more.
  for (let round = 0; round < 48; round += 1) await house.happen(...Array<string>(200).fill('y'));
  await passed(house, await store.head(), listener.seat.position());
  const outcomeOf = async (from: Position) => (await store.read(from, 1)).outcome;
  for (let bytes = 2 ** 24; (await outcomeOf(since!)) === 'read'; bytes *= 0.95) await store.trim({ hours: 1, bytes });
  expect([await outcomeOf(since!), await outcomeOf(listener.seat.position()!)]).toEqual(['gone', 'read']);
  listener.rest(Infinity);
  await until(() => listener.heard.length > 5);
  await house.happen('after');
  await until(() => saysOf(listener).includes('after one'));
  expect(saysOf(listener)).toEqual([...folded, 'TRIMMED', 'after one']);
  expect(house.failures).toEqual([]);
  await house.close();
});

test('who rests in the midst of what is folded goes on behind a gap when the log loses its end', async () => {
  const servers = twoServers();
  const [since] = servers.happen('first');
  const house = await audience(servers.store);
  await passed(house, servers.happen(...objects, ...objects, ...objects).at(-1)!);
  const listener = await resting(house, since!);
  servers.lose(1500);
  servers.happen('instead');
  await until(() => listener.seat.position() === undefined);
  listener.rest(Infinity);
  await until(() => saysOf(listener).includes('REWRITTEN'));
  servers.happen('after');
  await until(() => saysOf(listener).includes('after one'));
  expect(saysOf(listener).slice(0, 6)).toEqual([...folded, 'REWRITTEN']);
  expect(house.failures).toEqual([]);
  await house.close();
});
