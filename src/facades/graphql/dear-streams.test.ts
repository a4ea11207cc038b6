import 'reflect-metadata';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Principal } from '../../access/principal.js';
import { spending } from './cost-limit.js';
import { inventory } from './testing/inventory.js';
import { openLiveWorld, type LiveWorld } from './testing/live-world.js';

let live: LiveWorld;
beforeEach(async () => void (live = await openLiveWorld(inventory)));
afterEach(async () => {
  await live.close();
  expect(live.world.seen.unforeseen).toEqual([]);
});

const query = `subscription ($first: Int!, $not: String) {
  resourceChanged(where: { description: { notContains: $not } }) {
    object { resourcePool { resources(first: $first) { nodes { id } } } }
  }
}`;

/** Begins as many streams, each of which may cost nearly a thousand; answers what was said on them at once. */
async function begin(as: string, all: readonly (readonly [id: string, first: number, not?: string])[]) {
  const listener = await live.listen(as);
  for (const [id, first, not = 'no'] of all) await listener.subscribe(id, query, { variables: { first, not } });
  return { listener, said: () => all.flatMap(([id]) => listener.of(id)) };
}
const differing = (count: number, from = 0) =>
  Array.from({ length: count }, (_each, index) => [`s${from + index}`, 960 + from + index] as const);

const refusal = (whose: string, most: number) => [
  {
    message: expect.stringMatching(`^${whose} subscriptions that differ would cost more than ${most} together`),
    extensions: { code: 'RATE_LIMITED', retryAfter: 30 },
  },
];

test('streams of one principal that differ cost four times what one may, together; who ends one makes room', async () => {
  const { listener, said } = await begin('reader', differing(20));
  expect(said()).toEqual([]);
  await listener.subscribe('more', query, { variables: { first: 990 } });
  expect(listener.of('more')).toMatchObject([refusal('Your', 20_000)]);
  // Another one of the same scope is counted for itself.
  expect((await begin('second-reader', [['s', 990]])).said()).toEqual([]);
  listener.socket.send(JSON.stringify({ id: 's0', type: 'complete' }));
  await listener.subscribe('again', query, { variables: { first: 990 } });
  expect(listener.of('again')).toEqual([]);
});

test('those that are told one text count once', async () => {
  const alike = Array.from({ length: 40 }, (_each, index) => [`s${index}`, 990, `no${index}`] as const);
  expect((await begin('reader', alike)).said()).toEqual([]);
  expect(live.hub.size).toBe(40);
});

test('the principals of a tenant may spend twice as much as one; another tenant and who has none are not touched', () => {
  const of = (name: string, tenant?: string): Principal => ({
    name,
    scope: { tenant, permissions: new Set(), key: tenant ?? '*' },
  });
  const spend = spending(100);
  const third = () => spend(of('b3', 'blue'), 'c', 1);
  const forget = spend(of('b1', 'blue'), 'a', 400);
  spend(of('b2', 'blue'), 'b', 400);
  expect(third).toThrow('All of your tenant’s subscriptions that differ would cost more than 800 together');
  for (const other of [of('red', 'red'), of('ann')]) expect(() => spend(other, 'c', 400)).not.toThrow();
  // It is made for another one anyway.
  expect(() => spend(of('b4', 'blue'), 'b', 400)).not.toThrow();
  forget();
  expect(third).not.toThrow();
});
