import { expect, test } from '@jest/globals';
import { busiestTurn, work } from '#platform/testing/busiest-turn.js';
import { subscriptionIndex } from '../matcher/subscription-index.js';
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

test('filters that take long are asked in turns, and whoever waited for his is told all in order', async () => {
  const house = await world();
  const to = await receiver();
  const did = busiestTurn();
  const test = () => {
    work(1);
    did.did();
    return true;
  };
  const slow: Matching = {
    ...matching,
    compile: () => ({ matches: test }),
    index() {
      const index = subscriptionIndex();
      const keys = [{ object: 'ResourceType', test }];
      return {
        add: ({ id, tenant }, { matches }) => index.add(id, { matches, keys }, tenant ?? undefined),
        remove: (id) => index.remove(id),
        match: (event, unasked) => index.match(event, unasked),
      };
    },
  };
  const names = Array.from({ length: 80 }, (_, n) => `s${n}`);
  for (const consumerSubscriptionId of names) await house.subscribe(to.url, { consumerSubscriptionId });
  const deliverer = await house.deliverer({ matching: slow });
  await until(() => deliverer.state().subscriptions === 80 && deliverer.state().behind === 0);
  await house.change('a', 'b', 'c');
  await until(() => to.all.length === 240);
  const heard = Map.groupBy(to.all, ({ body }) => body.n);
  expect([...heard].map(([n, all]) => [n, all.length])).toEqual([1, 2, 3].map((n) => [n, 80]));
  // All 80 at each change, without turns.
  expect(did.most()).toBeLessThan(50);
  await house.close();
  await to.close();
});

test.each([
  ['its filter is changed', { filter: '' }],
  ['it is resumed', { state: 'active' }],
])('whoever can never be asked is told so once, and passes over nothing until %s', async (_when, patch) => {
  const house = await world();
  const [one, broken] = [await receiver(), await receiver()];
  await house.subscribe(one.url);
  const id = await house.subscribe(broken.url);
  let [breaks, asked] = [true, 0];
  const breaking: Matching = {
    ...matching,
    compile: (subscriber) => ({
      matches(event) {
        if (subscriber.id === id) asked += 1;
        if (subscriber.id === id && event.change.id === 'x' && breaks) throw new Error('It cannot be asked.');
        return matching.compile(subscriber).matches(event);
      },
    }),
  };
  const deliverer = await house.deliverer({ matching: breaking });
  await until(() => deliverer.state().subscriptions === 2 && deliverer.state().behind === 0);
  await house.change('a');
  await until(() => broken.all.length === 1);
  await house.change('x', 'b');
  await until(async () => (await house.row(id)).value['state'] === 'degraded');
  expect((await house.row(id)).value['stateReason']).toMatch(/cannot be found out .*: It cannot be asked\.$/);
  const before = asked;
  await house.change('x', 'c');
  await until(() => one.all.length === 5);
  expect([asked, broken.all.length]).toEqual([before, 1]);
  breaks = false;
  await house.rewrite(id, patch);
  await until(() => broken.all.length === 5);
  expect(broken.all.map(({ body }) => body.n)).toEqual([1, 2, 3, 4, 5]);
  await until(async () => (await house.row(id)).value['state'] === 'active');
  expect(house.logged).toEqual([expect.stringMatching(/could not be found out.* Error: It cannot be asked\./)]);
  await house.close();
  for (const each of [one, broken]) await each.close();
});
