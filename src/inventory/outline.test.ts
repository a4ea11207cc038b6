import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Value } from '#schema/change.js';
import { eachNestedId, textsIn } from './outline.js';

const textsOf = (value: Value) => textsIn(JSON.stringify(value), ['resourcePoolId']);

function idsOf(value: Value): readonly string[] | undefined {
  const json = JSON.stringify(value);
  const ids: string[] = [];
  return eachNestedId(json, 'resourceId', (from, to) => ids.push(json.slice(from, to))) ? ids : undefined;
}

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
  'a{b',
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

describe('what is read of an object without parsing it', () => {
  test('are the texts that are asked for, and the ids of what is nested', () => {
    expect(textsOf(whole)).toStrictEqual({ resourcePoolId: 'pool' });
    expect(idsOf(whole)).toStrictEqual(['part', 'chip']);
  });

  test.each([
    ['it is missing', { resourceId: 'server', elements: [part] }],
    ['only what is nested has it', { resourceId: 'server', elements: [{ ...part, resourcePoolId: 'pool' }] }],
    ['only another attribute has it', { resourceId: 'server', extensions: { resourcePoolId: 'x' }, elements: [part] }],
    ['it comes behind an object', { extensions: { a: 1 }, resourcePoolId: 'pool', elements: [part] }],
    ['it is no text', { resourceId: 'server', resourcePoolId: null, elements: [part] }],
    ['something is escaped', { ...whole, elements: [{ resourceId: 'a"b', elements: [] }] }],
  ])('is no attribute when %s', (_why, value) => {
    expect(textsOf(value)).toBeUndefined();
  });

  test.each([
    ['its own does not come first', { elements: [part], resourceId: 'server' }],
    ['something is escaped', { ...whole, elements: [{ resourceId: 'a"b', elements: [] }] }],
  ])('is no nested id when %s', (_why, value) => {
    expect(idsOf(value)).toBeUndefined();
  });

  test('is true whatever stands in the object, if there is anything', () => {
    const element = fc.record({
      resourceId: fc.constantFrom('x', 'y', 'é'),
      extensions: anything,
      elements: fc.constant([]),
    });
    const parts = fc.record({ extensions: anything, resourcePoolId: odd, tags: fc.array(odd), other: anything });
    const told = { texts: 0, ids: 0 };
    const elements = fc.array(element, { maxLength: 3 });
    const property = fc.property(parts, elements, fc.boolean(), fc.boolean(), (object, elements, named, first) => {
      const own = named ? { resourceId: 'server' } : {};
      const value = first ? { ...own, elements, ...object } : { ...own, ...object, elements };
      const [texts, ids] = [textsOf(value), idsOf(value)];
      if (texts) expect(texts).toStrictEqual({ resourcePoolId: object.resourcePoolId });
      if (ids) expect(ids).toEqual(expect.arrayContaining(nestedIds(elements)));
      if (texts) told.texts += 1;
      if (ids) told.ids += 1;
    });
    fc.assert(property, { numRuns: 1000 });
    expect(told.texts).toBeGreaterThan(0);
    expect(told.ids).toBeGreaterThan(0);
  });
});
