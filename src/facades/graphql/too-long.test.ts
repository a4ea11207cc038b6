import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { formatPosition } from '#schema/position.js';
import { inventory, resourceOf } from './testing/inventory.js';
import { openLiveWorld, type LiveWorld } from './testing/live-world.js';

let live: LiveWorld;
beforeEach(async () => void (live = await openLiveWorld(inventory)));
afterEach(async () => {
  await live.close();
  // Who asks for too much is told so; nothing is wrong with the gateway.
  expect(live.world.seen.unforeseen).toEqual([]);
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Asked for ten times, longer than a client may have untaken, which is 1 MB. */
const long = 'x'.repeat(125_000);
const many = Array.from({ length: 10 }, (_each, index) => `a${index}: description`).join(' ');
const pool = inventory.find(([name]) => name === 'ResourcePool')!;
const happens = (description: string) => live.world.tell([[pool[0], { ...pool[1], description }]]);

test('a change that is too long as it was asked for ends the stream, once made for all, and is told to who asks for less', async () => {
  const [one, other, less] = [await live.listen(), await live.listen(), await live.listen()];
  for (const each of [one, other])
    await each.subscribe('s', `subscription { resourcePoolChanged { object { ${many} } } }`);
  await less.subscribe('s', 'subscription { resourcePoolChanged { object { description } } }');
  await happens('short');
  await happens(long);
  await until(() => [one, other, less].every((each) => each.of('s').length === 2));
  const position = formatPosition(await live.world.inside.store.head());
  const message = `What happened at ${position} has 1\\d{6} bytes as it was asked for; at most 1000000 are told \\(limits.live.backlog\\)`;
  const refused = { message: expect.stringMatching(message), extensions: { code: 'TOO_LARGE' } };
  for (const each of [one, other]) expect(each.of('s')[1]).toMatchObject([refused]);
  expect(less.of('s')[1]).toEqual({ data: { resourcePoolChanged: { object: { description: long } } } });
  expect([live.hub.size, live.count.executed]).toEqual([1, 4]);
});

test('where a stream has a place for gaps one is told instead, and it goes on', async () => {
  const listener = await live.listen();
  const query = `subscription { changes { ... on Change { object { ... on ResourcePool { ${many} } } } ... on Gap { reason position } } }`;
  await listener.subscribe('s', query);
  await happens(long);
  const position = formatPosition(await live.world.inside.store.head());
  await live.world.tell([resourceOf(90, 1)]);
  await until(() => listener.of('s').length === 2);
  expect(listener.of('s')).toEqual([
    { data: { changes: { reason: 'FAILED', position } } },
    { data: { changes: { object: {} } } },
  ]);
});
