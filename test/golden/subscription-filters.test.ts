import { describe, expect, test } from '@jest/globals';
import { objects, type ObjectName } from '#schema/objects.js';
import { compileSubscription } from '#subscriptions/matcher/compile.js';
import { reportedKinds } from '#subscriptions/matcher/event.js';
import { subscriptionIndex } from '#subscriptions/matcher/subscription-index.js';
import { told } from '#subscriptions/testing/events.js';
import { changes, filterCases, refusedFilters, type ChangeName, type GoldenChange } from './subscription-filters.js';

const inventory = { api: 'o2ims-infrastructureInventory', major: 'v2' };

function eventNamed(name: ChangeName) {
  const { type, event, prior, post }: GoldenChange = changes[name];
  const object = Object.values(objects).find(({ presenters }) => presenters.some((each) => each.type === type))!;
  const states = { ...(prior && { before: prior }), ...(post && { after: post }) };
  return told({ object: object.name as ObjectName, kind: reportedKinds[event]!, ...states });
}

describe.each(filterCases)('§2.7 $why: $filter', ({ filter, include, reported }) => {
  const compiled = compileSubscription({ ...inventory, filter, ...(include && { mode: 'include' }) });
  const index = subscriptionIndex();
  index.add('subscription', compiled, undefined);
  const names = Object.keys(changes) as ChangeName[];

  test('by itself', () => {
    expect(names.filter((name) => compiled.matches(eventNamed(name)))).toEqual(reported);
  });

  test('by the index', () => {
    expect(names.filter((name) => index.match(eventNamed(name)).length === 1)).toEqual(reported);
  });
});

test.each(refusedFilters)('§2.7 %s is refused at %i', (filter, position) => {
  const refused = expect.objectContaining({ code: 'INVALID', detail: { at: 'filter', position } });
  expect(() => compileSubscription({ ...inventory, filter })).toThrow(refused);
});
