import { describe, expect, test } from '@jest/globals';
import type { Fault } from '#schema/errors.js';
import { demandBounded } from './bounded.js';

const long = 'x'.repeat(16_384);

function faultOf(...asked: Parameters<typeof demandBounded>): Fault | undefined {
  try {
    demandBounded(...asked);
    return undefined;
  } catch (error) {
    return error as Fault;
  }
}

describe('what is written', () => {
  test.each([
    ['a text', { description: `${long}x` }, 'description'],
    ['a text in extensions', { extensions: { rack: [{ row: `${long}x` }] } }, 'extensions/rack/0/row'],
  ])('is refused with the place of %s that is too long', (_, patch, at) => {
    expect(faultOf(patch)).toMatchObject({ code: 'INVALID', detail: { at } });
    expect(faultOf(patch)!.message).toBe(`'${at}' has more than 16384 characters.`);
  });

  test('may be as long as that', () => expect(faultOf({ description: long })).toBeUndefined());

  test('makes no object too large, little by little either', () => {
    const whole = { extensions: { a: long, b: long, c: long, d: long } };
    expect(faultOf(whole)!.message).toMatch(/^As JSON it would have 65580 characters; an object has 65536 at most/);
    const { d, ...three } = whole.extensions;
    expect(faultOf({ extensions: { d } }, { extensions: three })).toMatchObject({ code: 'INVALID' });
    expect(faultOf({ extensions: { d, c: null } }, { extensions: three })).toBeUndefined();
  });

  test('may make what is too large already smaller', () => {
    const before = { extensions: Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, long])) };
    expect(faultOf({ extensions: { a: null } }, before)).toBeUndefined();
    expect(faultOf({ name: 'x' }, before)).toMatchObject({ code: 'INVALID' });
  });
});
