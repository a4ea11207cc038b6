import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { blockRows, Columns, type ColumnTest } from './columns.js';
import type { Row } from './row.js';

const row = (value: Row['value'], json?: string): Row => ({ value, json }) as unknown as Row;
const rowsOf = (count: number) => Array.from({ length: count }, (_each, n) => row({ description: `row ${n}` }));

function seek(sought: readonly string[], attribute = 'description'): readonly ColumnTest[] {
  return [{ attribute, holds: () => true, sought }];
}

test('a text that a row has is never ruled out, whatever came, changed and went', () => {
  const texts = fc.oneof(fc.string({ maxLength: 5 }), fc.constant('\n'), fc.integer(), fc.boolean(), fc.constant(null));
  const values = fc.oneof(texts, fc.array(fc.oneof(texts, fc.array(texts, { maxLength: 2 })), { maxLength: 3 }));
  const changes = fc.array(fc.tuple(fc.nat(3 * blockRows - 1), fc.option(values, { nil: undefined })), {
    maxLength: 40,
  });
  const property = fc.property(changes, (all) => {
    const rows: (Row | undefined)[] = rowsOf(2 * blockRows);
    const columns = new Columns(rows);
    for (const [number, value] of all) {
      while (rows.length <= number) rows.push(undefined);
      rows[number] = value === undefined ? undefined : row({ description: value });
      columns.changed(number);
      const block = Math.floor(number / blockRows);
      for (const shown of [value].flat(3).filter((each) => each !== undefined && each !== null)) {
        const part = String(shown).slice(1, 3);
        expect(columns.rulesOut(seek(['nothing has this', part]), block)).toBe(false);
      }
      expect(columns.rulesOut(seek(['nothing has this']), block)).toBe(true);
    }
  });
  fc.assert(property);
});

test('a text of another block, or of a row that has another now, is ruled out', () => {
  const rows: (Row | undefined)[] = rowsOf(2 * blockRows);
  const columns = new Columns(rows);
  const may = (text: string, block: number) => !columns.rulesOut(seek([text]), block);
  expect([may(`row ${blockRows}`, 0), may(`row ${blockRows}`, 1)]).toEqual([false, true]);
  rows[blockRows] = row({ description: 'another' });
  columns.changed(blockRows);
  expect([may(`row ${blockRows}`, 1), may('another', 1)]).toEqual([false, true]);
  rows[blockRows] = undefined;
  columns.changed(blockRows);
  expect(may('another', 1)).toBe(false);
});

test('however many attributes are searched, each is answered as its rows are', () => {
  const names = Array.from({ length: 9 }, (_each, n) => `attribute${n}`);
  const columns = new Columns([row(Object.fromEntries(names.map((name) => [name, `of ${name}`])))]);
  for (let round = 0; round < 2; round += 1)
    for (const attribute of names) {
      expect(columns.rulesOut(seek([`of ${attribute}`], attribute), 0)).toBe(false);
      expect(columns.rulesOut(seek(['of nothing'], attribute), 0)).toBe(true);
      const is = { attribute, holds: (stored: unknown) => stored === `of ${attribute}` };
      expect(columns.passing([is], 0, 1)).toEqual([0]);
    }
});

test('texts that are too long to be kept rule nothing out', () => {
  const rows = Array.from({ length: 2 }, () => row({ description: 'x'.repeat(40_000) }));
  expect(new Columns(rows).rulesOut(seek(['y']), 0)).toBe(false);
});

test('while a row is not parsed, each of its block is looked at by itself, and no other parsed', () => {
  const rows = rowsOf(2 * blockRows);
  const { value } = rows[7]!;
  rows[7] = {
    ...row({}, '{}'),
    get value() {
      return ((parsed += 1), value);
    },
  };
  let parsed = 0;
  const columns = new Columns(rows);
  const last = { attribute: 'description', holds: (stored: unknown) => stored === 'row 7' };
  expect(columns.rulesOut(seek(['nothing has this']), 0)).toBe(false);
  expect(columns.passing([last], 0, 7)).toEqual([]);
  expect(parsed).toBe(0);
  expect(columns.passing([last], 7, 9)).toEqual([7]);
  expect(parsed).toBe(1);
  rows[7] = row(value);
  expect(columns.rulesOut(seek(['nothing has this']), 0)).toBe(true);
  expect(columns.passing([last], 0, blockRows)).toEqual([7]);
});
