import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { blockRows, BlockTexts } from './block-texts.js';
import type { Row } from './row.js';

const row = (value: Row['value']): Row => ({ value }) as unknown as Row;
const rowsOf = (count: number) => Array.from({ length: count }, (_each, n) => row({ description: `row ${n}` }));

test('a text that a row has is never ruled out, whatever came, changed and went', () => {
  const texts = fc.oneof(fc.string({ maxLength: 5 }), fc.constant('\n'), fc.integer(), fc.boolean(), fc.constant(null));
  const values = fc.oneof(texts, fc.array(fc.oneof(texts, fc.array(texts, { maxLength: 2 })), { maxLength: 3 }));
  const changes = fc.array(fc.tuple(fc.nat(3 * blockRows - 1), fc.option(values, { nil: undefined })), {
    maxLength: 40,
  });
  const property = fc.property(changes, (all) => {
    const rows: (Row | undefined)[] = rowsOf(2 * blockRows);
    const blocks = new BlockTexts(rows);
    for (const [number, value] of all) {
      while (rows.length <= number) rows.push(undefined);
      rows[number] = value === undefined ? undefined : row({ description: value });
      blocks.changed(number);
      for (const shown of [value].flat(3).filter((each) => each !== undefined && each !== null)) {
        const part = String(shown).slice(1, 3);
        expect(blocks.mayContain('description', ['nothing has this', part], Math.floor(number / blockRows))).toBe(true);
      }
      expect(blocks.mayContain('description', ['nothing has this'], Math.floor(number / blockRows))).toBe(false);
    }
  });
  fc.assert(property);
});

test('a text of another block, or of a row that has another now, is ruled out', () => {
  const rows: (Row | undefined)[] = rowsOf(2 * blockRows);
  const blocks = new BlockTexts(rows);
  const may = (text: string, block: number) => blocks.mayContain('description', [text], block);
  expect([may(`row ${blockRows}`, 0), may(`row ${blockRows}`, 1)]).toEqual([false, true]);
  rows[blockRows] = row({ description: 'another' });
  blocks.changed(blockRows);
  expect([may(`row ${blockRows}`, 1), may('another', 1)]).toEqual([false, true]);
  rows[blockRows] = undefined;
  blocks.changed(blockRows);
  expect(may('another', 1)).toBe(false);
});

test('however many attributes are searched, each is answered as its rows are', () => {
  const names = Array.from({ length: 9 }, (_each, n) => `attribute${n}`);
  const rows = [row(Object.fromEntries(names.map((name) => [name, `of ${name}`])))];
  const blocks = new BlockTexts(rows);
  for (let round = 0; round < 2; round += 1)
    for (const name of names) {
      expect(blocks.mayContain(name, [`of ${name}`], 0)).toBe(true);
      expect(blocks.mayContain(name, ['of nothing'], 0)).toBe(false);
    }
});

test('texts that are too long to be kept rule nothing out', () => {
  const rows = Array.from({ length: 2 }, () => row({ description: 'x'.repeat(40_000) }));
  expect(new BlockTexts(rows).mayContain('description', ['y'], 0)).toBe(true);
});
