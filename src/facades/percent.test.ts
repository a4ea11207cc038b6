import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { misencodedAt, misencodedQuery } from './percent.js';

describe('percent-encoding', () => {
  test.each([
    ['', undefined],
    ['a%20b', undefined],
    ['%F0%9F%9B%B0', undefined],
    ['%', 0],
    ['ab%4', 2],
    ['%zz', 0],
    ['%41%zz', 3],
    ['%41%ff', 3],
    ['%e2%82', 0],
    ['%e2%82a%ac', 0],
    ['%41%c0%80', 3],
    ['%ed%a0%80', 0],
  ])('%s stops at %s', (text, position) => {
    expect(misencodedAt(text)).toBe(position);
  });

  test('what decodes is right, and nothing else is', () => {
    const unit = fc.constantFrom(...'%0189aAcCeEfF', 'é', '/');
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit }), fc.string({ unit: 'grapheme' }).map(encodeURIComponent)), (text) => {
        const decodes = () => decodeURIComponent(text);
        if (misencodedAt(text) === undefined) expect(decodes).not.toThrow();
        else expect(decodes).toThrow(URIError);
      }),
      { numRuns: 2000 },
    );
  });

  test('of a query is told by parameter', () => {
    expect(misencodedQuery('a=%41&b')).toBeUndefined();
    expect(misencodedQuery('a=1&b=xy%2&c=%')?.detail).toEqual({ at: 'b', position: 2 });
    expect(misencodedQuery('%')?.detail).toEqual({ at: 'query', position: 0 });
  });
});
