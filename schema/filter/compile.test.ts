import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import type { Value } from '../change.js';
import { defineObject } from '../object.js';
import { operators, type Filter, type Operator } from './ast.js';
import { compileFilter } from './compile.js';
import { levelOfModel } from '../level.js';
import { parseFilter } from './parse.js';

const part = z.object({ size: z.int(), name: z.string().optional() });
const Probe = defineObject({
  name: 'Probe',
  collection: 'probes',
  key: 'id',
  relations: {},
  presenters: [],
  model: z.object({
    id: z.string(),
    text: z.string().nullable().optional(),
    severity: z.int().optional(),
    flag: z.boolean().optional(),
    raised: z.iso.datetime({ offset: true }).optional(),
    state: z.enum(['ON', 'OFF']).optional(),
    tags: z.array(z.string()).optional(),
    parts: z.array(part).optional(),
    one: part.optional(),
    map: z.record(z.string(), z.json()).optional(),
  }),
});

const upper = '3F20D850-AF4F-A84F-FB5A-0AD585410361';
const lower = upper.toLowerCase();
const other = '2a67f440-9232-5589-bf6b-ea97be9c6a38';

function filterOf(text: string): Filter {
  return parseFilter([text], (names) => names, levelOfModel(Probe.model))!;
}

function holds(text: string, value: Value): boolean {
  return compileFilter(Probe, filterOf(text))(Object.freeze({ id: 'x', ...value }));
}

describe('each kind compares in its own type', () => {
  test.each<[string, Value, boolean]>([
    ['(eq,text,pserver)', { text: 'pserver' }, true],
    ['(eq,text,Pserver)', { text: 'pserver' }, false],
    ['(neq,text,pserver)', { text: 'other' }, true],
    ['(neq,text,pserver)', { text: 'pserver' }, false],
    ['(in,text,a,b)', { text: 'b' }, true],
    ['(in,text,a,b)', { text: 'c' }, false],
    ['(in,text,a,b,c,d,e,f)', { text: 'f' }, true],
    ['(nin,text,a,b)', { text: 'c' }, true],
    ['(nin,text,a,b)', { text: 'a' }, false],
    ['(cont,text,ell,zzz)', { text: 'Dell' }, true],
    ['(cont,text,ELL)', { text: 'Dell' }, false],
    ['(ncont,text,ell,zzz)', { text: 'Dell' }, false],
    ['(ncont,text,xyz,zzz)', { text: 'Dell' }, true],
    ["(cont,text,'')", { text: '' }, true],
    ["(eq,text,'')", { text: '' }, true],
    ['(gt,text,9)', { text: '10' }, false],
    ['(gt,text,Z)', { text: 'a' }, true],
    ['(gt,text,Z)', { text: '9' }, false],
    ['(gte,text,a)', { text: 'a' }, true],
    ['(gt,text,a)', { text: 'a' }, false],
    ['(lte,text,a)', { text: 'a' }, true],
    ['(lt,text,ab)', { text: 'a' }, true],
    ['(gt,text,\ufffd)', { text: '\u{1f600}' }, true],
    ['(lt,text,\u{1f600})', { text: '\ufffd' }, true],
    ['(gt,severity,9)', { severity: 10 }, true],
    ['(lte,severity,1)', { severity: 1 }, true],
    ['(lt,severity,1)', { severity: 1 }, false],
    ['(gte,severity,-1)', { severity: 0 }, true],
    ['(eq,severity,1.0)', { severity: 1 }, true],
    ['(in,severity,1,1e1)', { severity: 10 }, true],
    ['(nin,severity,1,2)', { severity: 3 }, true],
    ['(cont,severity,2)', { severity: 123 }, true],
    ['(eq,flag,true)', { flag: true }, true],
    ['(neq,flag,true)', { flag: false }, true],
    ['(in,flag,true,false)', { flag: false }, true],
    ['(eq,raised,2026-01-01T00:00:00Z)', { raised: '2026-01-01T01:00:00+01:00' }, true],
    ['(eq,raised,2026-01-01T01:00:00.000+01:00)', { raised: '2026-01-01T00:00:00Z' }, true],
    ['(gte,raised,2026-01-01T00:00:00Z)', { raised: '2025-12-31T23:59:59.999Z' }, false],
    ['(gt,raised,2026-01-01T00:00:00.1Z)', { raised: '2026-01-01T00:00:00.1000001Z' }, true],
    ['(lt,raised,2026-01-01T00:00:00Z)', { raised: '2026-01-01T00:30:00+01:00' }, true],
    ['(neq,raised,2026-01-01T00:00:00Z)', { raised: '2026-01-01T00:00:00.000Z' }, false],
    ['(cont,raised,2026-01)', { raised: '2026-01-01T00:00:00Z' }, true],
    ['(eq,state,ON)', { state: 'ON' }, true],
    ['(nin,state,ON)', { state: 'OFF' }, true],
    ['(gt,state,OFF)', { state: 'ON' }, true],
    ['(cont,state,O)', { state: 'OFF' }, true],
  ])('%s of %j is %s', (text, value, expected) => {
    expect(holds(text, value)).toBe(expected);
  });

  test.each<[string, Value, boolean]>([
    [`(eq,text,${upper})`, { text: lower }, true],
    [`(eq,text,${lower})`, { text: upper }, true],
    [`(eq,text,${lower})`, { text: other }, false],
    [`(eq,text,${lower})`, { text: lower.replace('3', 'a') }, false],
    [`(neq,text,${upper})`, { text: lower }, false],
    [`(in,text,none,${upper})`, { text: lower }, true],
    [`(in,text,${other},${lower})`, { text: upper }, true],
    [`(in,text,${other},NONE)`, { text: 'none' }, false],
    [`(nin,text,${other},${upper})`, { text: lower }, false],
    [`(in,text,${'X'.repeat(36)},${other})`, { text: 'x'.repeat(36) }, false],
    [`(eq,map/id,${upper})`, { map: { id: lower } }, true],
  ])('UUIDs without regard to case: %s of %j is %s', (text, value, expected) => {
    expect(holds(text, value)).toBe(expected);
  });

  test.each<[string, Value, boolean]>([
    ['(eq,map/country,US)', { map: { country: 'US' } }, true],
    ['(eq,map/a~1b,x)', { map: { 'a/b': 'x' } }, true],
    ['(eq,map/~bkey,x)', { map: { '@key': 'x' } }, true],
    ['(gt,map/cpu,9)', { map: { cpu: 10 } }, true],
    ['(gt,map/cpu,9)', { map: { cpu: '10' } }, false],
    ['(eq,map/cpu,10)', { map: { cpu: '10' } }, true],
    ['(eq,map/cpu,10.0)', { map: { cpu: 10 } }, true],
    ['(eq,map/cpu,ten)', { map: { cpu: 10 } }, false],
    ['(neq,map/cpu,ten)', { map: { cpu: 10 } }, true],
    ['(lt,map/cpu,ten)', { map: { cpu: 10 } }, false],
    ['(gt,map/flag,a)', { map: { flag: true } }, false],
    ['(eq,map/flag,true)', { map: { flag: true } }, true],
    ['(eq,map/flag,1)', { map: { flag: true } }, false],
    ['(cont,map/flag,ru)', { map: { flag: true } }, true],
    ['(eq,map/deep,x)', { map: { deep: { x: 'x' } } }, false],
    ['(neq,map/deep,x)', { map: { deep: { x: 'x' } } }, true],
    ['(cont,map/deep,obj)', { map: { deep: {} } }, false],
    ['(eq,map/deep/x,y)', { map: { deep: { x: 'y' } } }, true],
    ['(eq,map/list,b)', { map: { list: ['a', 'b'] } }, true],
    ['(eq,map/list/x,b)', { map: { list: [{ x: 'a' }, { x: 'b' }] } }, true],
    ['(eq,map/@key,country)', { map: { country: 'US' } }, true],
    ['(eq,map/@key,US)', { map: { country: 'US' } }, false],
    ['(neq,map/@key,country)', { map: { country: 'US' } }, false],
    ['(neq,map/@key,country)', { map: { country: 'US', city: 'X' } }, true],
    ['(cont,map/@key,unt)', { map: { country: 'US' } }, true],
    ['(eq,map/deep/@key,x)', { map: { deep: { x: 1 } } }, true],
    ['(eq,map/deep/@key,x)', { map: { deep: 'x' } }, false],
    ['(eq,parts/@key,size)', { parts: [{ size: 1 }] }, true],
    // Every object has these without having them.
    ['(cont,map/constructor,Object)', { map: {} }, false],
    ['(neq,map/constructor,x)', { map: {} }, true],
    ['(eq,map/constructor,x)', { map: { constructor: 'x' } }, true],
    ['(neq,map/__proto__/toString,x)', { map: {} }, true],
    ['(eq,map/__proto__,x)', { map: JSON.parse('{"__proto__":"x"}') as Value }, true],
  ])('what a map holds tells its type: %s of %j is %s', (text, value, expected) => {
    expect(holds(text, value)).toBe(expected);
  });
});

describe('lists: one element is enough, for every operator', () => {
  test.each<[string, Value, boolean]>([
    ['(eq,tags,edge)', { tags: ['core', 'edge'] }, true],
    ['(eq,tags,edge)', { tags: ['core'] }, false],
    ['(neq,tags,edge)', { tags: ['core', 'edge'] }, true],
    ['(neq,tags,edge)', { tags: ['edge'] }, false],
    ['(nin,tags,edge,core)', { tags: ['core', 'edge'] }, false],
    ['(nin,tags,edge,core)', { tags: ['core', 'far'] }, true],
    ['(cont,tags,dg)', { tags: ['core', 'edge'] }, true],
    ['(ncont,tags,dg)', { tags: ['edge', 'core'] }, true],
    ['(gt,tags,d)', { tags: ['core', 'edge'] }, true],
    [
      '(eq,parts/name,b)',
      {
        parts: [
          { size: 1, name: 'a' },
          { size: 2, name: 'b' },
        ],
      },
      true,
    ],
    ['(gt,parts/size,1)', { parts: [{ size: 1 }, { size: 2 }] }, true],
    ['(gt,parts/size,2)', { parts: [{ size: 1 }, { size: 2 }] }, false],
    ['(neq,parts/name,a)', { parts: [{ size: 1, name: 'a' }, { size: 2 }] }, true],
    ['(eq,parts/name,a);(eq,parts/size,2)', { parts: [{ size: 1, name: 'a' }, { size: 2 }] }, true],
  ])('%s of %j is %s', (text, value, expected) => {
    expect(holds(text, value)).toBe(expected);
  });
});

describe('what is absent', () => {
  const negative = new Set<Operator>(['neq', 'nin', 'ncont']);
  const absences: readonly (readonly [string, Value])[] = [
    ['text', {}],
    ['text', { text: null }],
    ['tags', { tags: [] }],
    ['parts/name', { parts: [] }],
    ['parts/name', { parts: [{ size: 1 }] }],
    ['one/name', {}],
    ['one/name', { one: { size: 1 } }],
    ['map/none', { map: { some: 'x' } }],
    ['map/none/below', { map: { none: 'x' } }],
    ['map/@key', { map: {} }],
    ['map/@key', {}],
  ];
  test.each(operators.flatMap((operator) => absences.map(([path, value]) => ({ operator, path, value }))))(
    '$operator of $path in $value',
    ({ operator, path, value }) => {
      expect(holds(`(${operator},${path},x)`, value)).toBe(negative.has(operator));
    },
  );
});

describe('what cannot be compared is refused', () => {
  test.each([
    ['(eq,none,x)', 4, "'none' is no attribute of Probe. Did you mean 'one'?"],
    ['(eq,one/none,x)', 4, "'one/none' is no attribute of Probe."],
    ['(gt,severity,abc)', 13, "'abc' is no number."],
    ["(eq,severity,'')", 13, "'' is no number."],
    ['(eq,severity,0x10)', 13, "'0x10' is no number."],
    ['(in,severity,1,1e999)', 15, "'1e999' is no number."],
    ['(eq,flag,yes)', 9, "'yes' is no boolean; write 'true' or 'false'."],
    ['(gt,flag,true)', 9, "'true' is compared with a boolean, which has no order; use eq or neq."],
    ['(eq,raised,yesterday)', 11, "'yesterday' is no date-time of RFC 3339 (2026-01-31T12:00:00Z)."],
    ['(in,state,ON,BROKEN)', 13, "'BROKEN' is no member of ON, OFF."],
    ['(eq,map,x)', 4, "'map' has parts; a filter names one of them, or '@key'."],
    ['(eq,parts,x)', 4, "'parts' has parts; a filter names one of them, or all with conditions of their own."],
    ['(eq,text/@key,x)', 4, "'text' is no map and has no keys."],
  ])('%s at %i', (text, position, message) => {
    expect(() => holds(text, {})).toThrow(
      expect.objectContaining({ code: 'INVALID', message, detail: { at: 'filter', position } }),
    );
  });

  test('a condition without values, which only another facade could make', () => {
    expect(() => compileFilter(Probe, { operator: 'in', path: ['text'], values: [] })).toThrow('has no value');
  });
});

describe('all and any', () => {
  const yes: Filter = { operator: 'eq', path: ['id'], values: ['x'] };
  const no: Filter = { operator: 'neq', path: ['id'], values: ['x'] };

  test.each<[string, Filter, boolean]>([
    ['all of nothing', { all: [] }, true],
    ['any of nothing', { any: [] }, false],
    ['all of one', { all: [no] }, false],
    ['all of two', { all: [yes, no] }, false],
    ['all of three', { all: [yes, yes, yes] }, true],
    ['all of three but one', { all: [yes, yes, no] }, false],
    ['any of three', { any: [no, no, yes] }, true],
    ['one inside the other', { all: [yes, { any: [no, { all: [yes, yes] }] }] }, true],
  ])('%s', (_title, filter, expected) => {
    expect(compileFilter(Probe, filter)({ id: 'x' })).toBe(expected);
  });
});

describe('properties', () => {
  const text = fc.string({ unit: 'binary', maxLength: 6 });
  const condition = (operator: Operator, ...values: string[]) =>
    compileFilter(Probe, { operator, path: ['text'], values });

  test('texts are ordered as the bytes of their UTF-8, which is by code point', () => {
    const wellFormed = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}') }),
      text,
    );
    fc.assert(
      fc.property(wellFormed, wellFormed, (stored, value) => {
        const order = Buffer.compare(Buffer.from(stored), Buffer.from(value));
        const found = (['gt', 'gte', 'lt', 'lte'] as const).map((operator) =>
          condition(operator, value)({ text: stored }),
        );
        expect(found).toEqual([order > 0, order >= 0, order < 0, order <= 0]);
      }),
      { numRuns: 500 },
    );
  });

  test('of a single value, the negative operators are the negation of the others', () => {
    const pairs = [
      ['eq', 'neq'],
      ['in', 'nin'],
      ['cont', 'ncont'],
    ] as const;
    fc.assert(
      fc.property(fc.constantFrom(...pairs), text, text, ([positive, negative], stored, value) => {
        expect(condition(negative, value)({ text: stored })).toBe(!condition(positive, value)({ text: stored }));
      }),
    );
  });

  test('in is eq of any, cont is cont of any', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(['eq', 'in'] as const, ['cont', 'cont'] as const),
        text,
        fc.array(text, { minLength: 1, maxLength: 8 }),
        ([one, many], stored, values) => {
          const expected = values.some((value) => condition(one, value)({ text: stored }));
          expect(condition(many, ...values)({ text: stored })).toBe(expected);
        },
      ),
    );
  });

  test('whatever a map holds, a condition on it is answered', () => {
    const path = fc.array(fc.constantFrom('a', 'b', 'constructor', '__proto__', 'length', '0'), { maxLength: 3 });
    fc.assert(
      fc.property(
        fc.constantFrom(...operators),
        path,
        fc.boolean(),
        fc.jsonValue({ maxDepth: 4 }),
        text,
        (operator, below, keys, stored, value) => {
          const predicate = compileFilter(Probe, { operator, path: ['map', 'a', ...below], keys, values: [value] });
          expect(typeof predicate({ map: { a: stored } })).toBe('boolean');
        },
      ),
    );
  });
});
