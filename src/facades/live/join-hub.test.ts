import { expect, test } from '@jest/globals';
import type { Stream } from '#subscriptions/live/stream.js';
import { audience, memory } from '#subscriptions/testing/listeners.js';
import { joining } from './join-hub.js';

const stream = (key: string): Stream<string> => ({ key, wants: () => true, tell: async ({ change }) => change.id });
const sink = { take: () => 0, whenRoom: () => undefined, end: () => undefined };

test('no more streams than there may be, but any number of clients of those there are', async () => {
  const { hub, close } = await audience(await memory());
  const join = joining(hub, { streams: 2, streamsPerPrincipal: 2 });
  const [, second] = [join('ann', stream('a'), sink), join('ann', stream('b'), sink)];
  expect(() => join('bob', stream('c'), sink)).toThrow('There are 2 different live streams already.');
  expect(() => join('bob', stream('a'), sink)).not.toThrow();
  second.leave();
  expect(() => join('bob', stream('c'), sink)).not.toThrow();
  await close();
});

test('no principal has more of them than its part; who leaves all of one makes room', async () => {
  const { hub, close } = await audience(await memory());
  const join = joining(hub, { streams: 7 });
  const seats = ['a', 'b', 'b'].map((key) => join('ann', stream(key), sink));
  const third = () => join('ann', stream('c'), sink);
  expect(third).toThrow('You have 2 different live streams already.');
  expect(() => join('bob', stream('c'), sink)).not.toThrow();
  seats[1]!.leave();
  seats[1]!.leave();
  expect(third).toThrow('You have 2');
  seats[2]!.leave();
  expect(third).not.toThrow();
  await close();
});
