import { expect, test } from '@jest/globals';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { changeOf } from '../testing/events.js';
import { recentLimits } from './recent.js';
import { openTail } from './tail.js';

test('comes to the end of a log whose entries are so large that each read gives a few', async () => {
  const store = await openEmbeddedStore({ memory: true });
  const entry = changeOf({ object: 'Resource', kind: 'created', after: { text: 'x'.repeat(1024 * 1024) } });
  const heard: number[] = [];
  const tail = await openTail(store, recentLimits, {
    entryOf: (change) => ({ change }),
    entry: ({ change }) => heard.push(change.position.seq),
    rewritten: () => undefined,
    failed: (error) => heard.push(error as never),
  });
  await tail.caughtUp();
  await store.append({
    entries: Array.from({ length: 40 }, (_each, index) => ({ ...entry, id: `${index}`, marks: [] })),
  });
  await tail.caughtUp();
  expect(heard).toStrictEqual(Array.from({ length: 40 }, (_each, index) => index + 1));
  tail.stop();
  await store.close();
});
