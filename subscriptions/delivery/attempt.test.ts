import { expect, test } from '@jest/globals';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import { Fault } from '#schema/errors.js';
import { until, world } from '../testing/deliveries.js';
import { good, receiver } from '../testing/receiver.js';
import { kinds } from './documents.js';

test('a store that is away when secrets are needed says nothing of the callback', async () => {
  const inner = await openEmbeddedStore({ memory: true });
  let [away, refused] = [true, 0];
  const house = await world({
    store: {
      ...inner,
      async get(kind, id) {
        if (away && kind === kinds.secret) {
          refused += 1;
          throw new Fault('UNAVAILABLE', 'The store is away.', { at: 'store' });
        }
        return inner.get(kind, id);
      },
    },
  });
  const to = await receiver(good);
  away = false;
  const id = await house.subscribe(to.url);
  away = true;
  await house.deliverer();
  await house.change('x');
  await until(() => refused > 0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  away = false;
  await until(() => to.all.length === 1);
  expect(house.counts.failed).toBe(0);
  expect((await house.row(id)).value['state']).toBe('active');
  await house.close();
  await to.close();
});
