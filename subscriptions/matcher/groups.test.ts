import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from '#schema/errors.js';
import { operators, type Condition } from '#schema/filter/ast.js';
import { printFilter } from '#schema/filter/testing/print.js';
import { parseGroups } from './groups.js';

function plain(text: string): readonly (readonly Condition[])[] {
  return parseGroups(text).map((group) => group.map(({ offsets: _offsets, ...condition }) => condition));
}

function faultOf(text: string): Fault {
  try {
    parseGroups(text);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error(`'${text}' was read.`);
}

const a: Condition = { operator: 'eq', path: ['a'], values: ['x'] };
const b: Condition = { operator: 'in', path: ['b', 'c'], values: ['1', '2'] };

describe('what is read', () => {
  test.each<[string, readonly (readonly Condition[])[]]>([
    ['', []],
    ['(eq,a,x)', [[a]]],
    ['(eq,a,x);(in,b/c,1,2)', [[a, b]]],
    ['[(eq,a,x)]', [[a]]],
    ['[(eq,a,x);(in,b/c,1,2) | (eq,a,x)]', [[a, b], [a]]],
    [' [ (eq,a,x) ; (in,b/c,1,2)|(eq,a,x) ] ', [[a, b], [a]]],
    ['(eq,a,x)|(in,b/c,1,2)|(eq,a,x)', [[a], [b], [a]]],
    ["[(eq,a,'x|;)]')|(eq,a,x)]", [[{ ...a, values: ['x|;)]'] }], [a]]],
    ["(eq,a,'it''s | one')", [[{ ...a, values: ["it's | one"] }]]],
    ['(eq,a,x|y)', [[{ ...a, values: ['x|y'] }]]],
    ["(eq,a'|'b,x)|(eq,a,x)", [[{ ...a, path: ["a'|'b"] }], [a]]],
    ['(eq,a, x )', [[{ ...a, values: [' x '] }]]],
  ])('%s', (text, groups) => {
    expect(plain(text)).toEqual(groups);
  });

  test('offsets are those of the whole text', () => {
    const text = '[ (eq,a,x) | (in,b/c,1,2) ]';
    expect(parseGroups(text).map(([condition]) => condition!.offsets)).toEqual([
      { path: text.indexOf('a'), values: [text.indexOf('x')] },
      { path: text.indexOf('b/c'), values: [text.indexOf('1'), text.indexOf('2')] },
    ]);
  });
});

test.each([
  ['[(eq,a,x)', 9, "']' is missing."],
  ['(eq,a,x)]', 8, "Expressions are joined by ';'."],
  ['[(eq,a,x]', 8, "')' is missing."],
  ['[(eq,a,x) (eq,a,x)]', 9, "Expressions are joined by ';'."],
  ['[]', 1, 'An expression is missing here'],
  [' ', 1, 'An expression is missing here'],
  ['[(eq,a,x)|]', 10, 'An expression is missing here'],
  ['(eq,a,x);', 9, 'An expression is missing here'],
  ['(eq,a,x);;(eq,a,x)', 9, 'An expression is missing here'],
  ['(eq,a,x) | (foo,a,x)', 12, "'foo' is no operator"],
  ["[(eq,a,x)|(eq,a,'x)]", 16, 'This quote is never closed'],
  ['garbage', 0, 'An expression is missing here'],
  ['[[(eq,a,x)]]', 1, 'An expression is missing here'],
])('%s is refused at %i', (text, position, message) => {
  const fault = faultOf(text);
  expect(fault).toMatchObject({ code: 'INVALID', detail: { at: 'filter', position } });
  expect(fault.message).toContain(message);
});

test('as many expressions as in the filter of a list, in however many groups', () => {
  expect(parseGroups(Array<string>(100).fill('(eq,a,x)').join('|'))).toHaveLength(100);
  expect(faultOf(Array<string>(101).fill('(eq,a,x)').join('|')).detail.position).toBe(900);
  // However they are spread: each value is one comparison with what is at the attribute.
  const many = `(in,a,${Array(500).fill('x').join()})|(nin,a,${Array(501).fill('x').join()})`;
  expect(faultOf(many)).toMatchObject({
    code: 'INVALID',
    message: 'More than 1000 values in one filter; ask twice.',
    detail: { at: 'filter', position: many.length - 2 },
  });
  expect(faultOf(`(eq,a,${'x'.repeat(8200)})`).detail.position).toBe(8192);
});

const name = fc.string({ unit: fc.constantFrom(..."ab'|;[] ~/,@"), minLength: 1, maxLength: 4 });
const value = fc.string({ unit: fc.constantFrom(..."xy'|;[](), "), maxLength: 4 });
const condition = fc.record({
  operator: fc.constantFrom(...operators),
  path: fc.array(name, { minLength: 1, maxLength: 2 }),
  values: fc.tuple(value),
});
const groups = fc.array(fc.array(condition, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 });
const blank = fc.constantFrom('', ' ', '  ');

test('what was written is read, whatever it holds and whatever blanks stand between', () => {
  fc.assert(
    fc.property(groups, blank, blank, fc.boolean(), (written, before, behind, brackets) => {
      const text = written
        .map((group) => group.map((each) => printFilter([each])).join(`${before};${behind}`))
        .join(`${behind}|${before}`);
      expect(plain(brackets ? `${before}[${behind}${text}${before}]${behind}` : text)).toEqual(written);
    }),
    { numRuns: 500 },
  );
});

test('whatever is sent is read or refused at a place in it', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."(),;'|[] /eqx"), maxLength: 24 }), (text) => {
      try {
        parseGroups(text);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        expect(error).toMatchObject({ code: 'INVALID', detail: { at: 'filter' } });
        expect(error.detail.position).toBeGreaterThanOrEqual(0);
        expect(error.detail.position).toBeLessThanOrEqual(text.length);
      }
    }),
    { numRuns: 1000 },
  );
});
