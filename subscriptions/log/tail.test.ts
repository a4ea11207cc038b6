import { expect, test } from '@jest/globals';
import { busiestTurn } from '#platform/testing/busiest-turn.js';
import { steppedPerformance } from '#platform/testing/stepped-performance.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { changeOf } from '../testing/events.js';
import { recentLimits } from './recent.js';
import { openTail } from './tail.js';

test('others have the loop while it follows, however long each entry takes', async () => {
  const store = await openEmbeddedStore({ memory: true });
  const clock = steppedPerformance();
  try {
    let loop = busiestTurn();
    const tail = await openTail(store, recentLimits, {
      entryOf: (change) => ({ change }),
      entry() {
        loop.did();
        clock.step(0.5);
      },
      rewritten: () => undefined,
      failed: () => undefined,
    });
    await tail.caughtUp();
    loop.most();
    loop = busiestTurn();
    const entry = changeOf({ object: 'Resource', kind: 'created', after: {} });
    await store.append({
      entries: Array.from({ length: 100 }, (_each, index) => ({ ...entry, id: `${index}`, marks: [] })),
    });
    await tail.caughtUp();
    expect(tail.position.seq).toBe(100);
    // A slice of 2 ms holds four.
    expect(loop.most()).toBeLessThan(6);
    tail.stop();
    await store.close();
  } finally {
    clock.putBack();
  }
});

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
