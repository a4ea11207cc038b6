import { describe, expect, test } from '@jest/globals';
import type { Fault } from '#schema/errors.js';
import type { Filter } from '#schema/filter/ast.js';
import { compileFilter } from '#schema/filter/compile.js';
import { objects } from '#schema/objects.js';
import { FilterInput, readFilter } from './filter-input.js';

const one: Filter = { operator: 'eq', path: ['name'], values: ['x'] };

function faultOf(run: () => unknown): Fault {
  try {
    run();
  } catch (error) {
    return error as Fault;
  }
  throw new Error('Nothing was refused.');
}

describe('a structured filter', () => {
  test.each<[string, Filter]>([
    ['a condition', one],
    ['200 conditions', { any: Array<Filter>(200).fill(one) }],
    [
      'groups in groups',
      { all: [{ any: [one, { all: [] }] }, { operator: 'in', path: ['a', 'b'], keys: true, values: ['x', 'y'] }] },
    ],
    ['a thousand values', { operator: 'in', path: ['name'], values: Array<string>(1000).fill('x') }],
  ])('is taken as it is: %s', (_, filter) => {
    expect(FilterInput.parse(filter)).toEqual(filter);
  });

  test.each<[string, unknown, string, string]>([
    ['nothing', null, 'filter', 'A filter is a text'],
    ['a list', [one], 'filter', 'this is none of these'],
    ['a number in a group', { all: [one, 1] }, 'filter/all/1', 'A filter is a text'],
    ['a group that is no list', { any: one }, 'filter/any', 'is a list of filters'],
    ['two groups in one', { all: [], any: [] }, 'filter', "'any' cannot stand here"],
    ['an unknown operator', { any: [{ ...one, operator: 'like' }] }, 'filter/any/0/operator', 'must be one of eq'],
    ['an unknown member', { ...one, value: 'x' }, 'filter', "'value' cannot stand here"],
    ['no name', { ...one, path: [] }, 'filter/path', 'at least one name'],
    ['33 names', { ...one, path: Array(33).fill('a') }, 'filter/path/32', 'at most 32 names'],
    ['a value that is no text', { ...one, values: [1] }, 'filter/values', 'at least one text'],
    ['two values for eq', { ...one, values: ['x', 'y'] }, 'filter/values/1', "'eq' takes one value"],
    ['257 parts', { any: Array(256).fill({ all: [] }) }, 'filter/any/255', 'more than 256'],
    [
      'more values than there may be',
      {
        any: [
          { ...one, operator: 'in', values: Array(800).fill('x') },
          { ...one, operator: 'in', values: Array(201).fill('x') },
        ],
      },
      'filter/any/1',
      'More than 1000 values',
    ],
    [
      'more values to be contained than there may be',
      {
        any: [
          { ...one, operator: 'cont', values: Array(20).fill('x') },
          { ...one, operator: 'ncont', values: Array(13).fill('x') },
        ],
      },
      'filter/any/1',
      'More than 32 values to be contained',
    ],
    [
      'a value to be contained that is longer than one may be',
      { any: [{ ...one, operator: 'cont', values: ['x'.repeat(250), 'x'.repeat(251)] }] },
      'filter/any/0',
      'longer than 250 characters',
    ],
    ['too many characters', { ...one, values: ['x'.repeat(65_536)] }, 'filter', 'More than 65536 characters'],
  ])('is refused with %s', (_, filter, at, reason) => {
    const fault = faultOf(() => FilterInput.parse(filter));
    expect(fault).toMatchObject({ code: 'INVALID', detail: { at } });
    expect(fault.message).toContain(reason);
  });

  test('says which of its conditions does not fit the object', () => {
    const filter = FilterInput.parse({ any: [one, { ...one, path: ['nothing'] }] }) as Filter;
    expect(faultOf(() => compileFilter(objects.ResourcePool, filter)).detail).toEqual({ at: 'filter/any/1' });
  });

  test('texts are parsed once, and 8 MiB of all that is made of them are kept', () => {
    const { ResourceType, ResourcePool } = objects;
    const text = (name: string) => `(eq,name,${name})`;
    const small = readFilter(ResourceType, text('small'));
    expect(readFilter(ResourceType, text('small'))).toBe(small);
    expect(readFilter(ResourcePool, text('small'))).not.toBe(small);
    const [texts, values] = ['x'.repeat(8000), Array(900).fill('x').join()].map((rest) =>
      Array.from({ length: 500 }, (_, index) => text(`${index}${rest}`).replace('eq', 'in')),
    );
    for (const [all, most] of [
      [texts!, 105],
      [values!, 140],
    ] as const) {
      const read = all.map((each) => readFilter(ResourceType, each));
      const kept = [...all.keys()].reverse().filter((index) => readFilter(ResourceType, all[index]!) === read[index]);
      expect(kept.length).toBeGreaterThan(50);
      expect(kept.length).toBeLessThan(most);
    }
    expect(readFilter(ResourceType, text('small'))).not.toBe(small);
  });

  test('may hold what was read from a text, whose offsets stay known and are no part of it', () => {
    const { ResourceType } = objects;
    const read = readFilter(ResourceType, '(neq,name,x);(eq,resourceClass,FOO)')!;
    expect(JSON.stringify(read)).not.toContain('offsets');
    const filter = FilterInput.parse({ all: [one, read] }) as Filter;
    expect(faultOf(() => compileFilter(ResourceType, filter)).detail).toEqual({ at: 'filter', position: 31 });
  });
});
