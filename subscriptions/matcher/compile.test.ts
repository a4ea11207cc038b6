import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Value } from '#schema/change.js';
import { compileFilter } from '#schema/filter/compile.js';
import { parseFilter } from '#schema/filter/parse.js';
import { printFilter } from '#schema/filter/testing/print.js';
import { objects } from '#schema/objects.js';
import { presenterOf } from '#schema/present.js';
import { changeOf, told } from '../testing/events.js';
import { onResource, values } from '../testing/random-filters.js';
import { compileSubscription } from './compile.js';
import { eventOf } from '../log/told-event.js';
import type { FilterMode } from './keys.js';

const inventory = { api: 'o2ims-infrastructureInventory', major: 'v2' };

function reports(filter: string, value: Value, mode?: FilterMode): boolean {
  const event = told({ object: 'Resource', kind: 'created', after: value });
  return compileSubscription({ ...inventory, filter, ...(mode && { mode }) }).matches(event);
}

describe('exclusion is the negation of the filter of a list', () => {
  const { pathOf, level, decode } = presenterOf(objects.Resource.presenters[0]!, objects.Resource);

  test('whatever the object lacks or has several of', () => {
    fc.assert(
      fc.property(fc.array(onResource, { minLength: 1, maxLength: 3 }), values.Resource!, (conditions, value) => {
        const filter = printFilter(conditions);
        const listed = compileFilter(objects.Resource, parseFilter([filter], pathOf, level, decode)!)(value);
        expect(reports(filter, value, 'exclude')).toBe(!listed);
        expect(reports(filter, value, 'include')).toBe(listed);
      }),
      { numRuns: 1000 },
    );
  });

  test('of groups, an object escapes that escapes each of them', () => {
    const group = fc.array(onResource, { minLength: 1, maxLength: 2 }).map(printFilter);
    fc.assert(
      fc.property(group, group, values.Resource!, (one, other, value) => {
        const each = [one, other].map((filter) => reports(filter, value));
        expect(reports(`[${one} | ${other}]`, value)).toBe(each.every(Boolean));
        expect(reports(`[${one} | ${other}]`, value, 'include')).toBe(!each.every(Boolean));
      }),
    );
  });
});

describe('what a subscription is not owed', () => {
  const all = compileSubscription(inventory);

  test.each([
    [{ change: 'restated' as const }, false],
    [{ baseline: true }, false],
    [{ object: 'Alarm' }, false],
    [{}, true],
  ])('%j: %s', (more, expected) => {
    const change = { ...changeOf({ object: 'Resource', kind: 'modified' }), ...more };
    expect(all.matches(eventOf(change))).toBe(expected);
  });

  test('objects that its API does not know', () => {
    const dialect = compileSubscription({ api: 'o2ims', major: 'v1' });
    expect(dialect.matches(told({ object: 'ResourcePool', kind: 'created' }))).toBe(true);
    expect(dialect.matches(told({ object: 'Resource', kind: 'created' }))).toBe(false);
    expect(() => compileSubscription({ api: 'o2ims', major: 'v9' })).toThrow('no API');
  });
});

describe('index keys', () => {
  const keysOf = (filter: string, mode: FilterMode = 'exclude') =>
    compileSubscription({ ...inventory, filter, mode }).keys.map(({ test: _test, ...key }) => key);
  const onResources = (filter: string, mode?: FilterMode) =>
    keysOf(filter, mode).filter(({ object }) => object === 'Resource');
  const key = (attribute: string, value: string) => ({ object: 'Resource', attribute: { attribute, value } });

  test.each<[string, readonly unknown[]]>([
    ['(neq,resourcePoolId,p)', [key('resourcePoolId', 'p')]],
    ['(nin,tags,a,b)', [key('tags', 'a'), key('tags', 'b')]],
    ['(neq,resourcePoolId,p);(neq,tags,a)', [key('resourcePoolId', 'p'), key('tags', 'a')]],
    ['[(neq,resourcePoolId,p) | (eq,tags,a)]', [key('resourcePoolId', 'p')]],
    ['[(nin,tags,a,b) | (neq,resourcePoolId,p)]', [key('resourcePoolId', 'p')]],
    ['(eq,objectType,ResourceInfo);(neq,resourcePoolId,p)', [key('resourcePoolId', 'p')]],
    ['(neq,objectType,ResourceInfo);(neq,resourcePoolId,p)', [{ object: 'Resource' }]],
    ['(neq,resourcePoolId,p);(eq,tags,a)', [{ object: 'Resource' }]],
    ['(eq,resourcePoolId,p)', [{ object: 'Resource' }]],
    ['(neq,description,p)', [{ object: 'Resource' }]],
    ['(neq,elements/tags,a)', [{ object: 'Resource' }]],
    ['(eq,objectType,ResourceInfo)', []],
    ['(neq,name,x)', []],
    ['(eq,name,x)', [{ object: 'Resource' }]],
    [`(nin,tags,${Array.from({ length: 101 }, (_, n) => n).join()})`, [{ object: 'Resource' }]],
    [
      '(eq,notificationEventType,1)',
      [
        { object: 'Resource', change: 'created' },
        { object: 'Resource', change: 'deleted' },
      ],
    ],
  ])('of an exclusion: %s', (filter, keys) => {
    expect(onResources(filter)).toEqual(keys);
  });

  test.each<[string, readonly unknown[]]>([
    ['(eq,resourcePoolId,p)', [key('resourcePoolId', 'p')]],
    ['(in,tags,a,b);(eq,resourcePoolId,p)', [key('resourcePoolId', 'p')]],
    ['[(eq,resourcePoolId,p) | (eq,tags,a)]', [key('resourcePoolId', 'p'), key('tags', 'a')]],
    ['[(eq,resourcePoolId,p) | (cont,tags,a)]', [{ object: 'Resource' }]],
    ['(neq,resourcePoolId,p)', [{ object: 'Resource' }]],
    ['(eq,objectType,ResourcePoolInfo)', []],
  ])('of an inclusion: %s', (filter, keys) => {
    expect(onResources(filter, 'include')).toEqual(keys);
  });

  test.each<[string, FilterMode, boolean]>([
    ['(eq,resourcePoolId,p)', 'include', true],
    ['[(in,tags,a,b) | (eq,resourcePoolId,p)]', 'include', true],
    ['(eq,resourcePoolId,p);(eq,tags,a)', 'include', false],
    ['(neq,resourcePoolId,p)', 'exclude', true],
    ['(neq,resourcePoolId,p);(nin,globalAssetId,a,b)', 'exclude', true],
    ['(neq,tags,a)', 'exclude', false],
    ['[(neq,resourcePoolId,p) | (eq,tags,a)]', 'exclude', false],
  ])('of %s to %s, nothing is left to ask: %s', (filter, mode, exact) => {
    const { keys } = compileSubscription({ ...inventory, filter, mode });
    const tests = keys.filter(({ object, attribute }) => object === 'Resource' && attribute).map(({ test }) => test);
    expect(tests.map((test) => test === true)).toEqual(tests.map(() => exact));
    expect(tests).not.toHaveLength(0);
  });

  test('a type that no event can match has none', () => {
    expect(keysOf('(neq,objectType,ResourceInfo)')).toEqual([{ object: 'Resource' }]);
    expect(keysOf('(eq,objectType,LocationInfo)', 'include')).toEqual([{ object: 'Location' }]);
  });
});

describe('what is refused, and where', () => {
  test.each([
    ['(eq,WrongAttrName,x)', 4, 'no attribute of any object type'],
    [
      '[(eq,name,x) | (eq,extension/a,x)]',
      19,
      "'extension/a' is no attribute of any object type here. Did you mean 'extensions'?",
    ],
    ['(eq,objectType,AlarmInfo)', 15, "'AlarmInfo' is no member of"],
    ['(in,objectType,ResourceInfo,Resource)', 28, "'Resource' is no member of"],
    ['(eq,objectType/x,ResourceInfo)', 4, 'no attribute'],
    ['(eq,notificationEventType,3)', 26, 'known are 0 (CREATE), 1 (MODIFY), 2 (DELETE)'],
    ["(eq,notificationEventType,'')", 26, 'no event type'],
    ['(eq,resourceKind,BROKEN)', 17, "'BROKEN' is no member of UNDEFINED, PHYSICAL, LOGICAL"],
    ['(in,resourceKind,PHYSICAL,BROKEN)', 26, "'BROKEN'"],
    ['(eq,extensions,x)', 4, 'has parts'],
    ['(eq,name/@key,x)', 4, 'no map and has no keys'],
    ['(eq,extensions/profileData/admin_user,x)', 4, 'needs a permission of its own'],
    ['(cont,extensions/profileData/@key,x)', 6, 'needs a permission of its own'],
    ['(eq,resourcePools,x)', 4, 'follows from other objects'],
  ])('%s at %i', (filter, position, message) => {
    const refused = expect.objectContaining({
      code: 'INVALID',
      message: expect.stringContaining(message),
      detail: { at: 'filter', position },
    });
    expect(() => compileSubscription({ ...inventory, filter })).toThrow(refused);
  });

  test('a later version has attributes that an earlier one lacks', () => {
    const filter = '(eq,oCloudSiteId,x)';
    expect(compileSubscription({ ...inventory, filter }).keys).not.toHaveLength(0);
    expect(() => compileSubscription({ ...inventory, filter: '(eq,globalcloudId,x)' })).toThrow('no attribute');
    expect(compileSubscription({ ...inventory, major: 'v1', filter: '(eq,globalcloudId,x)' }).keys).not.toHaveLength(0);
  });
});
