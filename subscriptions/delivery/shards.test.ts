import { expect, test } from '@jest/globals';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { steppedPerformance } from '#platform/testing/stepped-performance.js';
import { Shards, type ShardWork } from './shards.js';
import type { Held } from './workshop.js';

test('a lease that cannot be renewed is believed for less long than it lasts', async () => {
  const store = await openEmbeddedStore({ memory: true });
  const clock = steppedPerformance();
  try {
    let away = false;
    const lease: Store['lease'] = (...given) => (away ? new Promise(() => undefined) : store.lease(...given));
    const held: Held[] = [];
    const nothing = () => undefined;
    const work: ShardWork = {
      gained: (_shard, each) => void held.push(each),
      lost: nothing,
      leaving: () => Promise.resolve(),
      sure: nothing,
      failed: nothing,
      kept: nothing,
    };
    const shards = new Shards({ ...store, lease }, 'me', { ttl: 60_000 }, work);
    await shards.start();
    away = true;
    clock.step(53_000);
    expect(held.every((each) => each() !== undefined)).toBe(true);
    clock.step(2000);
    expect(held.some((each) => each() !== undefined)).toBe(false);
    shards.abandon();
  } finally {
    clock.putBack();
    await store.close();
  }
});
