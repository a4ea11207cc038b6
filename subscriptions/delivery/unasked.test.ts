import { expect, test } from '@jest/globals';
import { matching, until, world } from '../testing/deliveries.js';
import { receiver } from '../testing/receiver.js';
import type { Matching } from './matching.js';

/** Filters of which that of `broken` throws at the first change of `x`. */
function breaking(): Matching {
  let broke = false;
  return {
    ...matching,
    compile: (subscriber) => ({
      matches(event) {
        const breaks = subscriber.value['consumerSubscriptionId'] === 'broken' && event.change.id === 'x' && !broke;
        broke ||= breaks;
        if (breaks) throw new Error('It cannot be asked.');
        return matching.compile(subscriber).matches(event);
      },
    }),
  };
}

test('whoever cannot be asked whether it is owed a change reads it again, and keeps nobody back', async () => {
  const house = await world();
  const [one, broken, other] = [await receiver(), await receiver(), await receiver()];
  await house.subscribe(one.url);
  const id = await house.subscribe(broken.url, { consumerSubscriptionId: 'broken' });
  await house.subscribe(other.url);
  const deliverer = await house.deliverer({ matching: breaking() });
  await until(() => deliverer.state().subscriptions === 3 && deliverer.state().behind === 0);
  await house.change('a', 'x', 'b', 'x');
  for (const { all } of [one, broken, other]) {
    await until(() => all.length === 4);
    expect(all.map(({ body }) => body.n)).toEqual([1, 2, 3, 4]);
  }
  expect(house.logged).toEqual([expect.stringMatching(/could not be found out.* Error: It cannot be asked\./)]);
  expect((await house.row(id)).value['state']).toBe('active');
  await house.close();
  for (const each of [one, broken, other]) await each.close();
});
