import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Value } from '#schema/change.js';
import { objects } from '#schema/objects.js';
import { outlineOf } from './outline.js';

const attributes = ['resourcePoolId'];
const of = (value: Value) => {
  const json = JSON.stringify(value);
  const outline = outlineOf(json, objects.Resource, attributes);
  const ids: string[] = [];
  outline?.eachNested((from, to) => ids.push(json.slice(from, to)));
  return outline && { texts: outline.texts, ids };
};

const part = { resourceId: 'part', elements: [{ resourceId: 'chip', elements: [] }] };
const whole = { resourceId: 'server', resourcePoolId: 'pool', tags: ['a', 'b'], elements: [part] };

/** Names and texts that look like the structure around them. */
const odd = fc.constantFrom(
  'elements',
  'resourceId',
  'tags',
  'resourcePoolId',
  ',"elements":[',
  '"resourceId":"x"',
  '}',
  '\\',
);
const anything = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    odd,
    fc.integer(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(odd, tie('value'), { maxKeys: 3 }),
  ),
})).value;

function nestedIds(elements: readonly Value[]): unknown[] {
  return elements.flatMap((each) => [each['resourceId'], ...nestedIds(each['elements'] as readonly Value[])]);
}

describe('the outline of an object', () => {
  test('has the texts that were asked for, and the ids of what is nested', () => {
    expect(of(whole)).toStrictEqual({ texts: { resourcePoolId: 'pool' }, ids: ['part', 'chip'] });
  });

  test.each([
    ['an attribute is missing', { resourceId: 'server', tags: [], elements: [part] }],
    [
      'only what is nested has the attribute',
      { resourceId: 'server', elements: [{ ...part, resourcePoolId: 'pool' }] },
    ],
    ['only another attribute has it', { resourceId: 'server', extensions: { resourcePoolId: 'x' }, elements: [part] }],
    ['an attribute comes behind an object', { extensions: { a: 1 }, resourcePoolId: 'pool', elements: [part] }],
    ['an attribute is no text', { resourceId: 'server', resourcePoolId: null, elements: [part] }],
    ['something is escaped', { ...whole, elements: [{ resourceId: 'a"b', elements: [] }] }],
    ['nothing is nested', { resourceId: 'server', resourcePoolId: 'pool', tags: [] }],
  ])('cannot be told when %s', (_why, value) => {
    expect(of(value)).toBeUndefined();
  });

  test('is true whatever stands in the object, if there is one', () => {
    const element = fc.record({
      resourceId: fc.constantFrom('x', 'y', 'é'),
      extensions: anything,
      elements: fc.constant([]),
    });
    const parts = fc.record({ extensions: anything, resourcePoolId: odd, tags: fc.array(odd), other: anything });
    let told = 0;
    const property = fc.property(
      parts,
      fc.array(element, { maxLength: 3 }),
      fc.boolean(),
      (object, elements, first) => {
        const value = first ? { elements, ...object } : { ...object, elements };
        const outline = of(value);
        if (!outline) return;
        told += 1;
        expect(outline.texts).toStrictEqual({ resourcePoolId: object.resourcePoolId });
        expect(outline.ids).toEqual(expect.arrayContaining(nestedIds(elements)));
      },
    );
    fc.assert(property, { numRuns: 1000 });
    expect(told).toBeGreaterThan(0);
  });
});
