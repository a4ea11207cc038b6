import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mergedRows, mergedRuns } from './merged.js';
import { rowsOf } from './page.js';
import type { Row } from './row.js';
import { bytesOf, SortedRows } from './sorted-rows.js';
import { row } from './testing/rows.js';

const ids = fc.integer({ min: 0, max: 400 }).map((number) => `id-${String(number).padStart(4, '0')}`);
const changes = fc.array(
  fc.record({ id: ids, gone: fc.boolean(), text: fc.string({ unit: 'grapheme', maxLength: 5 }) }),
  {
    maxLength: 600,
  },
);
const json = ({ value }: Row) => JSON.stringify(value);

function filled(steps: readonly { readonly id: string; readonly gone: boolean; readonly text: string }[]) {
  const list = new SortedRows();
  const model = new Map<string, Row>();
  for (const { id, gone, text } of steps) {
    if (gone) {
      list.delete(id);
      model.delete(id);
    } else {
      const made = row(id, { text });
      list.set(made);
      model.set(id, made);
    }
  }
  return { list, rows: [...model.values()].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

describe('a list in id order', () => {
  test('holds what a map holds, sorted, whatever came and went', () => {
    const property = fc.property(changes, fc.option(ids, { nil: undefined }), (steps, after) => {
      const { list, rows } = filled(steps);
      expect(list.size).toBe(rows.length);
      expect([...rowsOf([...list.runs(undefined)])]).toEqual(rows);
      const behind = rows.filter(({ id }) => after === undefined || id > after);
      expect([...rowsOf([...list.runs(after)])]).toEqual(behind);
      expect(list.blocks.every(({ rows: block }) => block.length > 0 && block.length <= 64)).toBe(true);
    });
    fc.assert(property);
  });

  test('fills its blocks when rows come in order', () => {
    const list = new SortedRows();
    for (let number = 0; number < 640; number += 1) list.set(row(String(number).padStart(4, '0')));
    expect(list.blocks.map(({ rows }) => rows.length)).toEqual(Array(10).fill(64));
  });

  test('gives its JSON as it stands, from the first character of a run to its last', () => {
    const property = fc.property(changes, fc.nat(100), fc.nat(100), fc.boolean(), (steps, skip, limit, more) => {
      const { list, rows } = filled(steps);
      // Every representation is joined before rows change once more, so that what is remembered must be forgotten.
      for (const run of list.runs(undefined)) bytesOf(run, 'json', json, false);
      const [first] = rows;
      const changed = first && row(first.id, { text: 'änderung' });
      if (changed) list.set(changed);
      const all = changed ? [changed, ...rows.slice(1)] : rows;
      for (const run of list.runs(undefined)) {
        const part = { ...run, from: Math.min(skip, run.to), to: Math.min(run.to, skip + limit) };
        if (part.from >= part.to) continue;
        const shown = part.block.rows.slice(part.from, part.to).map(json).join(',');
        expect(bytesOf(part, 'json', json, more).toString()).toBe(more ? `${shown},` : shown);
      }
      const whole = [...list.runs(undefined)].map((run, index, runs) =>
        bytesOf(run, 'json', json, index < runs.length - 1),
      );
      expect(Buffer.concat(whole).toString()).toBe(all.map(json).join(','));
    });
    fc.assert(property);
  });

  test('keeps apart representations and asks for the text of a row once', () => {
    const list = new SortedRows();
    for (const id of ['a', 'b']) list.set(row(id, { text: id }));
    let asked = 0;
    const text = (one: Row) => ((asked += 1), json(one));
    const [run] = [...list.runs(undefined)];
    expect(bytesOf(run!, 'x', text, false).equals(bytesOf(run!, 'x', text, false))).toBe(true);
    expect(asked).toBe(2);
    expect(bytesOf(run!, 'y', ({ id }) => `"${id}"`, true).toString()).toBe('"a","b",');
  });

  test('forgets what was not asked for lately, when all that is remembered grows too large', () => {
    const list = new SortedRows();
    const large = 'x'.repeat(512 * 1024);
    for (let id = 0; id < 128; id += 1) list.append(row(String(id).padStart(3, '0'), {}));
    let asked = 0;
    const text = () => ((asked += 1), large);
    const [first, second] = [...list.runs(undefined)];
    const read = (run: typeof first) => bytesOf(run!, 'large', text, false).length;
    expect(read(first)).toBe(64 * large.length + 63);
    read(first);
    expect(asked).toBe(64);
    read(second);
    expect(read(first)).toBe(64 * large.length + 63);
    expect(asked).toBe(3 * 64);
  });

  test('leaves a page that was found as it was', () => {
    const list = new SortedRows();
    const rows = ['a', 'b', 'c'].map((id) => row(id, { text: id }));
    rows.forEach((each) => list.set(each));
    const runs = [...list.runs(undefined)];
    list.set(row('b', { text: 'new' }));
    list.delete('a');
    list.set(row('bb', {}));
    expect([...rowsOf(runs)]).toEqual(rows);
  });
});

describe('lists merged', () => {
  const lists = fc.array(changes, { maxLength: 4 });

  test('are one list in id order; what stands in several comes once', () => {
    const property = fc.property(lists, fc.option(ids, { nil: undefined }), (parts, after) => {
      const merged = parts.map((steps) => filled(steps).list);
      const all = new Set(parts.flatMap((steps) => filled(steps).rows.map(({ id }) => id)));
      const expected = [...all].filter((id) => after === undefined || id > after).sort();
      expect([...rowsOf([...mergedRuns(merged, after)])].map(({ id }) => id)).toEqual(expected);
      const rows = mergedRows(merged, after);
      const one: string[] = [];
      for (let next = rows.next(); next; next = rows.next()) one.push(next.id);
      expect(one).toEqual(expected);
    });
    fc.assert(property);
  });
});
