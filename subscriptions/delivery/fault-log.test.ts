import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { until, world } from '../testing/deliveries.js';
import { receiver } from '../testing/receiver.js';

test('what a store that is away does to everybody is said once, and written no more often than every second', async () => {
  const store = await openEmbeddedStore({ memory: true });
  const house = await world({ store });
  const to = await receiver();
  for (let each = 0; each < 8; each += 1) await house.subscribe(to.url);
  let [away, puts] = [false, 0];
  const put: Store['put'] = (...given) => {
    if (!away) return store.put(...given);
    puts += 1;
    return Promise.reject(new Error('The disk is full.'));
  };
  const deliverer = await house.deliverer({ store: { ...store, put } });
  await until(() => deliverer.state().subscriptions === 8 && deliverer.state().behind === 0);
  away = true;
  await house.change('x');
  await until(() => to.all.length === 8);
  await sleep(1500);
  expect([...new Set(house.logged)].sort()).toEqual([...house.logged].sort());
  expect(house.logged.length).toBeGreaterThan(0);
  // Marks of 16 shards ten times a second would be 240.
  expect(puts).toBeLessThan(100);
  await house.close();
  await to.close();
});
