import { expect, test } from '@jest/globals';
import { rowOf, UnparsedRow } from './row.js';

const stored = {
  object: 'Resource',
  id: 'a',
  tenant: null,
  instance: 'east',
  identity: 'native-a',
  projection: 'p',
  position: { seq: 7, tag: 't' },
};

test('a row that is not parsed yet is the same as one that is, frozen, and keeps one value', () => {
  const value = () => ({ resourceId: 'a', tags: ['x'], elements: [{ resourceId: 'b', elements: [] }] });
  const parsed = rowOf({ ...stored, value: value() });
  const row = new UnparsedRow({ ...stored, json: JSON.stringify(value()) });
  const first = row.value;
  expect({ ...row, value: first }).toStrictEqual({ ...parsed });
  expect(row.value).toBe(first);
  expect([row, first, first['elements']].every(Object.isFrozen)).toBe(true);
});
