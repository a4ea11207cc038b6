import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { steppedPerformance } from '#platform/testing/stepped-performance.js';
import { told } from '../testing/events.js';
import { filterText, someEvent } from '../testing/random-filters.js';
import { compileSubscription, type CompiledSubscription } from './compile.js';
import { subscriptionIndex } from './subscription-index.js';

const inventory = { api: 'o2ims-infrastructureInventory', major: 'v2' };

test('no match is lost and none is made up, whatever was added, replaced and removed', () => {
  const mode = fc.constantFrom('exclude' as const, 'include' as const);
  const step = fc.record({
    id: fc.nat(9).map(String),
    filter: filterText,
    mode,
    tenant: fc.constantFrom(undefined, 'red', 'green'),
    removes: fc.integer({ min: 0, max: 9 }).map((drawn) => drawn < 2),
  });
  const steps = fc.array(step, { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(steps, fc.array(someEvent, { minLength: 1, maxLength: 8 }), (changes, events) => {
      const index = subscriptionIndex();
      const plain = new Map<string, { compiled: CompiledSubscription; tenant: string | undefined }>();
      for (const { id, filter, mode: sense, tenant, removes } of changes) {
        const compiled = compileSubscription({ ...inventory, filter, mode: sense });
        if (removes) {
          index.remove(id);
          plain.delete(id);
        } else {
          index.add(id, compiled, tenant);
          plain.set(id, { compiled, tenant });
        }
      }
      expect(index.size).toBe(plain.size);
      for (const event of events) {
        const owner = event.change.tenant;
        const expected = [...plain].flatMap(([id, { compiled, tenant }]) =>
          (tenant === undefined || owner === null || owner === tenant) && compiled.matches(event) ? [id] : [],
        );
        expect(index.match(event).toSorted()).toEqual(expected.toSorted());
      }
    }),
    { numRuns: 500 },
  );
});

test('of a filter that throws it is told, and the others match all the same', () => {
  const index = subscriptionIndex();
  const unasked = new Error('It cannot be asked.');
  const test = () => {
    throw unasked;
  };
  index.add('first', compileSubscription(inventory), undefined);
  index.add('broken', { matches: test, keys: [{ object: 'Resource', test }] }, undefined);
  index.add('last', compileSubscription(inventory), undefined);
  const failures: unknown[] = [];
  const event = told({ object: 'Resource', kind: 'created', after: {} });
  expect(index.match(event, (...failure) => failures.push(failure))).toEqual(['first', 'last']);
  expect(failures).toEqual([['broken', { error: unasked }]]);
  expect(() => index.match(event)).toThrow(unasked);
});

test('what takes too long to ask is not asked, and named', () => {
  const clock = steppedPerformance();
  const index = subscriptionIndex();
  const asked: string[] = [];
  const names = Array.from({ length: 40 }, (_, n) => `s${n}`);
  for (const name of names) {
    const test = () => {
      clock.step(1);
      return asked.push(name) > 0;
    };
    index.add(name, { matches: test, keys: [{ object: 'Resource', test }] }, undefined);
  }
  const event = told({ object: 'Resource', kind: 'created', after: {} });
  const unasked: unknown[] = [];
  const found = index.match(event, (...of) => unasked.push(of));
  expect(found).toEqual(asked);
  expect(asked.length).toBeLessThan(16);
  expect(unasked).toEqual(names.slice(asked.length).map((name) => [name]));
  expect(index.match(event)).toEqual(names);
  clock.putBack();
});

describe('tenants', () => {
  const index = subscriptionIndex();
  index.add('system', compileSubscription(inventory), undefined);
  index.add('red', compileSubscription(inventory), 'red');
  index.add('green', compileSubscription({ ...inventory, filter: '(neq,resourcePoolId,p)' }), 'green');

  test.each([
    [null, ['green', 'red', 'system']],
    ['red', ['red', 'system']],
    ['green', ['green', 'system']],
    ['blue', ['system']],
  ])('an event of %s is for %j', (tenant, ids) => {
    const event = told({ object: 'Resource', kind: 'created', after: { resourcePoolId: 'p' }, tenant });
    expect(index.match(event).toSorted()).toEqual(ids);
  });
});
