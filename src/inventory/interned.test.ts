import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Value } from '#schema/change.js';
import { interned } from './interned.js';

/** What JSON can hold, as an object. */
const values = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<Value>;

function isFrozenThroughout(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isFrozenThroughout);
}

describe('an interned value', () => {
  test('is equal to what it was, frozen throughout, and may be interned again', () => {
    const property = fc.property(values, (value) => {
      const before = structuredClone(value);
      const after = interned(value);
      expect(after).toEqual(before);
      expect(isFrozenThroughout(after)).toBe(true);
      expect(interned(after)).toBe(after);
    });
    fc.assert(property);
  });

  test('leaves alone what somebody else has frozen', () => {
    const value = Object.freeze({ list: Object.freeze(['aaaaaaaa-0000-4000-8000-000000000000', { open: 1 }]) });
    expect(interned(value)).toBe(value);
  });

  test('is right however many texts there are of an attribute', () => {
    const text = (number: number) => `a text of some length, number ${number}`;
    for (let number = 0; number < 120_000; number += 1) {
      const { common, unique } = interned({ common: text(number % 30_000), unique: text(number) });
      if (common !== text(number % 30_000) || unique !== text(number)) throw new Error(`Wrong at ${number}.`);
    }
    expect(interned({ common: text(1) })['common']).toBe(text(1));
  });
});
