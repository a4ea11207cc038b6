import { expect, test } from '@jest/globals';
import type { Stream } from '#subscriptions/live/stream.js';
import { audience, memory } from '#subscriptions/testing/listeners.js';
import { joinHub } from './join-hub.js';

const stream = (key: string): Stream<string> => ({ key, wants: () => true, tell: async ({ change }) => change.id });
const sink = { take: () => 0, whenRoom: () => undefined, end: () => undefined };

test('no more streams than there may be, but any number of clients of those there are', async () => {
  const { hub, close } = await audience(await memory());
  const join = (key: string) => joinHub({ hub, most: 2 }, stream(key), sink);
  const [, second] = [join('a'), join('b')];
  expect(() => join('c')).toThrow('There are 2 different live streams already.');
  expect(() => join('a')).not.toThrow();
  second!.leave();
  expect(() => join('c')).not.toThrow();
  await close();
});
