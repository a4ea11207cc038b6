import { describe, expect, test } from '@jest/globals';
import { objects } from '../objects.js';
import type { Filter, Operator } from './ast.js';
import { indexable, partsOf } from './plan.js';

const upper = '3F20D850-AF4F-A84F-FB5A-0AD585410361';
const of = (operator: Operator, path: string, ...values: string[]): Filter => ({
  operator,
  path: path.split('/'),
  values,
});
const pool = of('eq', 'resourcePoolId', 'p');
const tags = of('in', 'tags', 'a', 'b', 'a');
const description = of('eq', 'description', 'x');
const poolConjunct = { attribute: 'resourcePoolId', values: ['p'] };
const tagsConjunct = { attribute: 'tags', values: ['a', 'b'] };

describe('indexable', () => {
  test.each<[string, Filter, readonly unknown[], boolean]>([
    ['eq of an indexed attribute', pool, [poolConjunct], true],
    ['in of a list, each value once', tags, [tagsConjunct], true],
    [
      'a UUID, as posted',
      of('in', 'resourcePoolId', upper, upper.toLowerCase(), 'X'),
      [{ attribute: 'resourcePoolId', values: [upper.toLowerCase(), 'X'] }],
      true,
    ],
    ['both', { all: [pool, tags] }, [poolConjunct, tagsConjunct], false],
    ['one of two', { all: [pool, description] }, [poolConjunct], false],
    ['all inside all', { all: [{ all: [pool] }] }, [poolConjunct], true],
    ['any, which may leave the list', { any: [pool, pool] }, [], false],
    ['any beside it', { all: [pool, { any: [tags, description] }] }, [poolConjunct], false],
    ['an attribute without an index', description, [], false],
    ['a negative operator', of('neq', 'resourcePoolId', 'p'), [], false],
    ['an order', of('gt', 'resourcePoolId', 'p'), [], false],
    ['a substring', of('cont', 'tags', 'a'), [], false],
    ['the attribute of a nested element, which is not posted', of('eq', 'elements/resourcePoolId', 'p'), [], false],
    ['keys', { operator: 'eq', path: ['tags'], keys: true, values: ['a'] }, [], false],
    ['nothing at all', { all: [] }, [], false],
  ])('%s', (_title, filter, conjuncts, exact) => {
    expect(indexable(objects.Resource, filter)).toEqual({ conjuncts, exact });
  });
});

describe('parts', () => {
  const said = of('cont', 'description', 'a', 'b');
  const not = of('nin', 'tags', 'a', 'b');
  const deep = of('cont', 'elements/description', 'a');
  const keys: Filter = { operator: 'cont', path: ['extensions'], keys: true, values: ['a'] };
  test.each<[string, Filter, readonly Filter[], readonly Filter[]]>([
    ['one condition', said, [said], []],
    ['each of all', { all: [said, not, { all: [said] }] }, [said, not, said], []],
    ['nothing of any', { any: [said, not] }, [], [{ any: [said, not] }]],
    ['nothing of what is elsewhere', { all: [said, deep] }, [said], [deep]],
    ['nothing of keys', { all: [keys, not] }, [not], [keys]],
    ['as many attributes as may be', { all: [said, not, pool, not] }, [said, not], [pool, not]],
  ])('%s', (_title, filter, stored, rest) => {
    expect(partsOf(objects.Resource, filter, 2)).toEqual({ stored, rest });
  });
  test('nothing of what the view derives', () => {
    const derived = of('cont', 'resourcePools', 'a');
    expect(partsOf(objects.OCloudSite, derived, 2)).toEqual({ stored: [], rest: [derived] });
  });
});
