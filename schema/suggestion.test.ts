import { describe, expect, test } from '@jest/globals';
import { nearest, suggestion } from './suggestion.js';

describe('the nearest word', () => {
  test.each([
    ['prot', ['host', 'port'], 'port'],
    ['NAME', ['name'], 'name'],
    ['extension', ['tags', 'extensions'], 'extensions'],
    ['colour', ['name', 'tags'], undefined],
    ['x', [], undefined],
  ])('to %s among %j is %s', (word, known, expected) => expect(nearest(word, known)).toBe(expected));

  test('is offered in a sentence of its own', () => {
    expect([suggestion('prot', ['port']), suggestion('colour', ['port'])]).toEqual([" Did you mean 'port'?", '']);
  });

  test('to a word that is very long, or behind very many, is not sought', () => {
    let asked = 0;
    function* words(count: number) {
      for (; asked < count; asked += 1) yield `n${asked}`;
    }
    expect(nearest('x'.repeat(65), words(10_000))).toBeUndefined();
    expect(asked).toBe(0);
    expect(nearest('something', words(10_000))).toBeUndefined();
    expect(asked).toBeLessThan(1000);
  });
});
