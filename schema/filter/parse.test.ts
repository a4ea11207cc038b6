import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from '../errors.js';
import { operators, type Condition } from './ast.js';
import { z } from 'zod';
import { levelOfModel } from '../level.js';
import { parseExpressions, parseFilter } from './parse.js';
import { printFilter } from './testing/print.js';

const single = new Set(['eq', 'neq', 'gt', 'lt', 'gte', 'lte']);

function faultOf(run: () => unknown): Fault {
  try {
    run();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('There was no fault.');
}

/** Without the offsets. */
function conditions(text: string): readonly Condition[] {
  return parseExpressions(text).map(({ offsets: _, ...condition }) => condition);
}

const of = (operator: Condition['operator'], path: string[], ...values: string[]): Condition => ({
  operator,
  path,
  values,
});

describe('the grammar of SOL 013 5.2', () => {
  test.each<[string, readonly Condition[]]>([
    ['', []],
    ['(eq,name,pserver)', [of('eq', ['name'], 'pserver')]],
    [
      '(neq,resourceTypeId,2a67f440-9232-5589-bf6b-ea97be9c6a38)',
      [of('neq', ['resourceTypeId'], '2a67f440-9232-5589-bf6b-ea97be9c6a38')],
    ],
    [
      '(in,resourceClass,COMPUTE,STORAGE);(cont,vendor,Dell)',
      [of('in', ['resourceClass'], 'COMPUTE', 'STORAGE'), of('cont', ['vendor'], 'Dell')],
    ],
    ["(eq,description,'rack 4, row ''B''')", [of('eq', ['description'], "rack 4, row 'B'")]],
    ['(eq,extensions/country,US)', [of('eq', ['extensions', 'country'], 'US')]],
    ['(eq,extensions/a~1b,x)', [of('eq', ['extensions', 'a/b'], 'x')]],
    [
      '(gte,alarmRaisedTime,2026-01-01T00:00:00Z);(lte,perceivedSeverity,1)',
      [of('gte', ['alarmRaisedTime'], '2026-01-01T00:00:00Z'), of('lte', ['perceivedSeverity'], '1')],
    ],
    ['(cont,alarmDefinition/alarmName,CPU)', [of('cont', ['alarmDefinition', 'alarmName'], 'CPU')]],
    ['(eq,extensions/@key,country)', [{ ...of('eq', ['extensions'], 'country'), keys: true }]],
    ['(eq,extensions/~bkey,country)', [of('eq', ['extensions', '@key'], 'country')]],
    ['(eq,extensions/~01~a~b~1,x)', [of('eq', ['extensions', '~1,@/'], 'x')]],
    ["(eq,name,'')", [of('eq', ['name'], '')]],
    ["(eq,name,'''')", [of('eq', ['name'], "'")]],
    ["(nin,name,'a,b',c,');(eq,d,e')", [of('nin', ['name'], 'a,b', 'c', ');(eq,d,e')]],
    ['(eq,name, (x )', [of('eq', ['name'], ' (x ')]],
    ['(eq,name,Zürich-東京)', [of('eq', ['name'], 'Zürich-東京')]],
  ])('%s', (text, expected) => {
    expect(conditions(text)).toEqual(expected);
  });

  test.each([
    ['(foo,name,x)', 1, "'foo' is no operator"],
    ['(,name,x)', 1, "'' is no operator"],
    ['(EQ,name,x)', 1, "'EQ' is no operator"],
    ['()', 1, "'' is no operator"],
    ['(', 1, "'' is no operator"],
    ['garbage', 0, 'An expression is missing'],
    ['eq,name,x)', 0, 'An expression is missing'],
    [' ', 0, 'An expression is missing'],
    ['(eq)', 3, 'The attribute is missing'],
    ['(eq,name)', 8, 'The value is missing'],
    ['(eq,name', 8, 'The value is missing'],
    ['(eq,,x)', 4, 'An attribute name is missing'],
    ['(eq,a//b,x)', 6, 'An attribute name is missing'],
    ['(eq,a/,x)', 6, 'An attribute name is missing'],
    ['(eq,@key,x)', 4, "'@key' stands only last"],
    ['(eq,a/@key/b,x)', 6, "'@key' stands only last"],
    ['(eq,a/b~2,x)', 7, "'~2' is no escape"],
    ['(eq,a~,x)', 5, "'~' is no escape"],
    ['(eq,name,x,y)', 11, "'eq' takes one value"],
    ['(in,name,x,)', 11, 'A value is missing'],
    ['(eq,name,)', 9, 'A value is missing'],
    ['(eq,name,', 9, "')' is missing"],
    ['(eq,name,x', 10, "')' is missing"],
    ["(eq,name,'x)", 9, 'This quote is never closed'],
    ["(eq,name,'x''", 9, 'This quote is never closed'],
    ["(eq,name,'x'y)", 12, "')' is missing"],
    ["(eq,name,x'y)", 10, "A value that holds '"],
    ['(eq,name,x;y)', 10, 'A value that holds ;'],
    ['(eq,name,x))', 11, "Expressions are joined by ';'"],
    ['(eq,name,x)y', 11, "Expressions are joined by ';'"],
    ['(eq,name,x)(eq,name,y)', 11, "Expressions are joined by ';'"],
    ['(eq,name,x);;(eq,name,y)', 12, 'An expression is missing'],
    ['(eq,name,x);', 12, 'An expression is missing'],
    [';(eq,name,x)', 0, 'An expression is missing'],
  ])('%s is refused at %i', (text, position, message) => {
    const fault = faultOf(() => parseExpressions(text));
    expect(fault).toMatchObject({ code: 'INVALID', detail: { at: 'filter', position } });
    expect(fault.message).toContain(message);
  });

  test.each([
    ['names', `(eq,${'a/'.repeat(32)}a,x)`, 68, 'A path has at most 32 names.'],
    ['values', `(in,a${',b'.repeat(1000)},c)`, 2006, 'More than 1000 values'],
    [
      'sought values',
      `(cont,a${',b'.repeat(20)});(ncont,a${',b'.repeat(13)})`,
      82,
      'More than 32 values to be contained',
    ],
    ['sought characters', `(cont,a,b,${'c'.repeat(251)})`, 10, 'longer than 250 characters'],
    ['expressions', `${'(eq,a,b);'.repeat(100)}(eq,a,b)`, 900, 'More than 100 expressions'],
    ['characters', `(eq,a,${'b'.repeat(8186)})`, 8192, 'longer than 8192 characters'],
  ])('too many %s are refused', (_, text, position, message) => {
    const fault = faultOf(() => parseExpressions(text));
    expect(fault).toMatchObject({ code: 'INVALID', detail: { at: 'filter', position } });
    expect(fault.message).toContain(message);
  });

  test('as many as there may be are read', () => {
    expect(parseExpressions(`(in,${'a/'.repeat(31)}a${',b'.repeat(1000)})`)[0]!.values).toHaveLength(1000);
  });

  test('it says where names and values stood', () => {
    expect(parseExpressions("(eq,a/b,x);(in,cd,'y',z)").map(({ offsets }) => offsets)).toEqual([
      { path: 4, values: [8] },
      { path: 15, values: [18, 22] },
    ]);
  });
});

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).filter((text) => !text.includes(')'));
const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom("'", ',', ')', '(', ';', '~', '/', '@', 'a') }),
);
const condition: fc.Arbitrary<Condition> = fc
  .tuple(
    fc.constantFrom(...operators),
    fc.array(name, { minLength: 1, maxLength: 4 }),
    fc.boolean(),
    fc.array(value, { minLength: 1, maxLength: 4 }),
  )
  .map(([operator, path, keys, values]) => ({
    operator,
    path,
    ...(keys && { keys }),
    values: single.has(operator) ? values.slice(0, 1) : values,
  }));

describe('properties', () => {
  test('what is printed is read back', () => {
    fc.assert(
      fc.property(fc.array(condition, { maxLength: 4 }), (all) => {
        expect(conditions(printFilter(all))).toEqual(all);
      }),
    );
  });

  test('any text is read, or refused with the place of the fault', () => {
    const broken = fc
      .tuple(
        fc.array(condition, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        fc.nat(5),
        fc.constantFrom('', "'", '(', ')', ',', ';', '~', '@key', '/'),
      )
      .map(([all, at, length, inserted]) => {
        const text = printFilter(all);
        const from = at % (text.length + 1);
        return text.slice(0, from) + inserted + text.slice(from + length);
      });
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(..."(),;'~/@eqinx") }), broken),
        (text) => {
          try {
            expect(conditions(printFilter(parseExpressions(text)))).toEqual(conditions(text));
          } catch (error) {
            if (!(error instanceof Fault)) throw error;
            expect(error).toMatchObject({ code: 'INVALID', detail: { at: 'filter' } });
            expect(error.detail.position).toBeGreaterThanOrEqual(0);
            expect(error.detail.position).toBeLessThanOrEqual(text.length);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('a name with a closing parenthesis has no spelling', () => {
    expect(() => printFilter([of('eq', ['extensions', 'a)b'], 'x')])).toThrow('A filter cannot name');
  });
});

describe('parseFilter', () => {
  const names = (path: readonly string[]) => (path[0] === 'shown' ? ['model', ...path.slice(1)] : undefined);
  const decode = (_path: readonly string[], shown: string) => {
    if (shown === 'odd') throw new Error('no such member');
    if (shown === 'told') throw new Fault('INVALID', 'It was told.');
    return shown.toLowerCase();
  };

  const level = levelOfModel(z.object({ shown: z.record(z.string(), z.string()) }));

  test('nothing is no filter', () => {
    expect(parseFilter([], names, level)).toBeUndefined();
    expect(parseFilter(['', ''], names, level)).toBeUndefined();
  });

  test('one condition stands alone, repeated parameters are joined', () => {
    const one = of('eq', ['model', 'a'], 'X');
    expect(parseFilter(['(eq,shown/a,X)'], names, level)).toEqual(one);
    expect(parseFilter(['(eq,shown/a,X)', '', '(eq,shown/a,X);(eq,shown/a,X)'], names, level)).toEqual({
      all: [one, one, one],
    });
  });

  test('what several texts hold is counted together', () => {
    const half = `(in,shown${',b'.repeat(501)})`;
    expect(faultOf(() => parseFilter([half, half], names, level)).detail).toEqual({ at: 'filter', position: 1008 });
  });

  test('values go through the codec, keys do not', () => {
    expect(parseFilter(['(in,shown,A,B)'], names, level, decode)).toEqual(of('in', ['model'], 'a', 'b'));
    expect(parseFilter(['(in,shown/@key,A,B)'], names, level, decode)).toEqual({
      ...of('in', ['model'], 'A', 'B'),
      keys: true,
    });
  });

  test.each([
    ['(eq,shown,x);(eq,other/a~1b,x)', 17, "'other/a~1b' is no attribute here."],
    ['(eq,shwon/a,x)', 4, "'shwon/a' is no attribute here. Did you mean 'shown/a'?"],
    ['(in,shown,x,odd)', 12, "'odd' is no value of 'shown'."],
    ["(in,shown,x,'told')", 12, 'It was told.'],
  ])('%s is refused at %i', (text, position, message) => {
    expect(faultOf(() => parseFilter([text], names, level, decode))).toMatchObject({
      code: 'INVALID',
      message,
      detail: { at: 'filter', position },
    });
  });
});
