import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { inventory, resourceOf } from './testing/inventory.js';
import { openLiveWorld, type LiveWorld } from './testing/live-world.js';

let live: LiveWorld;
beforeEach(async () => void (live = await openLiveWorld(inventory)));
afterEach(() => live.close());

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('a fault that nobody foresaw is logged once, under the stream, whoever began it and has left', async () => {
  const query = 'subscription { resourceChanged { id object { resourcePool { name } } } }';
  const [first, second] = [await live.listen('reader'), await live.listen('second-reader')];
  for (const listener of [first, second]) await listener.subscribe('s', query);
  first.socket.terminate();
  live.broken.by = new Error('It is broken.');
  await live.world.tell([resourceOf(90, 1)]);
  await until(() => second.of('s').length === 1);
  expect(second.of('s')).toMatchObject([{ errors: [{ extensions: { code: 'INTERNAL' } }] }]);
  expect(live.world.seen.unforeseen).toEqual([live.broken.by, expect.stringMatching(/^stream resourceChanged \S+$/)]);
});
