import { expect, test } from '@jest/globals';
import type { Stream } from '#subscriptions/live/stream.js';
import { audience, memory } from '#subscriptions/testing/listeners.js';
import type { Principal } from '../../access/principal.js';
import { joining } from './join-hub.js';

const stream = (key: string): Stream<string> => ({ key, wants: () => true, tell: async ({ change }) => change.id });
const of = (name: string, tenant?: string): Principal => ({
  name,
  scope: { tenant, permissions: new Set(), key: tenant ?? '*' },
});
const [ann, bob] = [of('ann'), of('bob')];
const sink = { take: () => 0, whenRoom: () => undefined, end: () => undefined };

test('no more streams than there may be, but any number of clients of those there are', async () => {
  const { hub, close } = await audience(await memory());
  const join = joining(hub, { streams: 2, streamsPerPrincipal: 2 });
  const [, second] = [join(ann, stream('a'), sink), join(ann, stream('b'), sink)];
  expect(() => join(bob, stream('c'), sink)).toThrow('There are 2 different live streams already.');
  expect(() => join(bob, stream('a'), sink)).not.toThrow();
  second.leave();
  expect(() => join(bob, stream('c'), sink)).not.toThrow();
  await close();
});

test('no principal has more of them than its part; who leaves all of one makes room', async () => {
  const { hub, close } = await audience(await memory());
  const join = joining(hub, { streams: 7 });
  const seats = ['a', 'b', 'b'].map((key) => join(ann, stream(key), sink));
  const third = () => join(ann, stream('c'), sink);
  expect(third).toThrow('You have 2 different live streams already.');
  expect(() => join(bob, stream('c'), sink)).not.toThrow();
  seats[1]!.leave();
  seats[1]!.leave();
  expect(third).toThrow('You have 2');
  seats[2]!.leave();
  expect(third).not.toThrow();
  await close();
});

test('the principals of a tenant share its part; another tenant and who has none are not touched', async () => {
  const { hub, close } = await audience(await memory());
  const join = joining(hub, { streams: 10, streamsPerPrincipal: 2, streamsPerTenant: 3 });
  const [first, second, third] = [of('b1', 'blue'), of('b2', 'blue'), of('b3', 'blue')];
  join(first, stream('a'), sink);
  join(first, stream('b'), sink);
  const shared = join(second, stream('a'), sink);
  const seat = join(second, stream('c'), sink);
  const fourth = () => join(third, stream('d'), sink);
  expect(fourth).toThrow('Your tenant has 3 (limits.live.streamsPerTenant) different live streams already.');
  shared.leave();
  expect(fourth).toThrow('Your tenant has 3');
  expect(() => join(third, stream('a'), sink)).not.toThrow();
  for (const other of [of('red', 'red'), ann]) expect(() => join(other, stream('d'), sink)).not.toThrow();
  seat.leave();
  expect(fourth).not.toThrow();
  await close();
});

test('a tenant has half, and no less than one of its principals may have', async () => {
  const { hub, close } = await audience(await memory());
  for (const [streamsPerPrincipal, most] of [
    [undefined, 4],
    [6, 6],
  ] as const) {
    const join = joining(hub, { streams: 8, streamsPerPrincipal });
    const seats = Array.from({ length: most }, (_, at) =>
      join(of(`b${Math.floor(at / 2)}`, 'blue'), stream(`s${at}`), sink),
    );
    expect(() => join(of('b9', 'blue'), stream('more'), sink)).toThrow(`Your tenant has ${most}`);
    for (const seat of seats) seat.leave();
  }
  await close();
});
