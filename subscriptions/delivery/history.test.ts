import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until, world, type World } from '../testing/deliveries.js';
import { answer, good, receiver, type Behaviour, type Receiver } from '../testing/receiver.js';

let house: World;
let callbacks: Receiver[];

beforeEach(async () => {
  house = await world();
  callbacks = [await receiver(), await receiver(), await receiver()];
});
afterEach(async () => {
  await house.close();
  for (const each of callbacks) await each.close();
});

/** Mulberry32: the same history for the same seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

const slow: Behaviour = (response) => void setTimeout(() => response.writeHead(204).end(), 10);
const reset: Behaviour = (response) => void response.socket!.resetAndDestroy();
const lost: Behaviour = (response) => {
  response.writeHead(200, { 'Content-Length': '9' });
  response.write('half', () => response.socket!.destroy());
};
const moods = [good, good, slow, reset, lost, answer(500), answer(503, { 'Retry-After': '0' })];

test.each([1, 2, Date.now() % 100_000])(
  'whatever happens, all that is owed is received, in order, and twice only under one id (seed %s)',
  async (seed) => {
    const roll = dice(seed);
    const orders = ['strict', 'resource', 'strict'];
    await Promise.all(callbacks.map(({ url }, index) => house.subscribe(url, { ordering: orders[index]! })));
    const brief = { shards: { ttl: 1000 }, recent: { entries: 30, bytes: 1e9 } };
    let deliverer = await house.deliverer(brief);
    let owed = 0;
    for (let step = 0; step < 60; step += 1) {
      const count = roll(6);
      owed += count;
      await house.change(...Array.from({ length: count }, () => `o${roll(5)}`));
      callbacks[roll(3)]!.behave(moods[roll(moods.length)]!);
      if (roll(20) === 0) {
        if (roll(2) === 0) deliverer.abandon();
        else await deliverer.stop();
        deliverer = await house.deliverer(brief);
      }
      await new Promise((resolve) => setTimeout(resolve, roll(10)));
    }
    for (const each of callbacks) each.behave(good);
    const has = (each: Receiver) => new Set(each.all.filter(({ taken }) => taken).map(({ body }) => body.n)).size;
    await until(() => callbacks.every((each) => has(each) === owed), 40_000);
    for (const [index, { all }] of callbacks.entries()) {
      const ids = new Map(all.map(({ id, body }) => [body.n, id]));
      for (const { id, body } of all) if (ids.get(body.n) !== id) throw new Error(`${body.n} came under two ids.`);
      // The first time that each was taken: what a crash repeats is behind it.
      const first = [...new Map(all.filter(({ taken }) => taken).map(({ body }) => [body.n, body])).values()];
      const objects = orders[index] === 'strict' ? [first] : Map.groupBy(first, ({ object }) => object).values();
      for (const of of objects) {
        const order = [...of].map(({ n }) => n);
        expect(order).toEqual([...order].sort((a, b) => a - b));
      }
    }
  },
  60_000,
);
