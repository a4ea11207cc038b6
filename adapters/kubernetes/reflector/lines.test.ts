import { describe, expect, test } from '@jest/globals';
import { assert, array, constantFrom, integer, property, string } from 'fast-check';
import { itemSplitter } from './items.js';
import { lineSplitter } from './lines.js';
import { type Splitter, Truncated } from './splitter.js';

/** Feeds `bytes` in chunks of these sizes, over and over. */
function cut(splitter: Splitter, bytes: Buffer, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    for (const piece of splitter.push(bytes.subarray(at, at + size))) pieces.push(piece.toString());
    at += size;
  }
  splitter.end();
  return pieces;
}

const sizes = array(integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
// What upsets splitters: characters of several bytes, quotes, escapes and brackets inside strings.
const texts = array(string({ unit: constantFrom('a', 'ü', '漢', '😀', '"', '\\', '{', '}', '[', ']', ',', ' ') }), {
  maxLength: 12,
});

describe('lineSplitter', () => {
  test('gives the same lines however the bytes are cut', () => {
    assert(
      property(texts, sizes, (values, chunkSizes) => {
        const lines = values.map((value) => JSON.stringify({ value }));
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        expect(cut(lineSplitter(), bytes, chunkSizes)).toEqual(lines);
      }),
    );
  });

  test('an end inside a line is a fault', () => {
    expect(() => cut(lineSplitter(), Buffer.from('{"a":1}\n{"b'), [5])).toThrow(Truncated);
  });
});

describe('itemSplitter', () => {
  test('gives items and envelope however the bytes are cut', () => {
    assert(
      property(texts, sizes, integer({ min: 0, max: 2 }), (values, chunkSizes, indent) => {
        const items = values.map((value) => ({ metadata: { uid: value, list: [value, { value }] } }));
        const metadata = { resourceVersion: '42', continue: '"]},{[' };
        const body = JSON.stringify({ kind: 'List', metadata, items, after: { x: [] } }, null, indent);
        const splitter = itemSplitter();
        const pieces = cut(splitter, Buffer.from(body), chunkSizes);
        expect(pieces.map((piece) => JSON.parse(piece) as unknown)).toEqual(items);
        expect(splitter.envelope().metadata).toEqual(metadata);
      }),
      { examples: [[['\\"{', 'a\\'], [1], 0]] },
    );
  });

  test('an end inside the list is a fault', () => {
    expect(() => cut(itemSplitter(), Buffer.from('{"items":[{"a":1},{"b":2}'), [7])).toThrow(Truncated);
    expect(() => cut(itemSplitter(), Buffer.from(''), [7])).toThrow(Truncated);
  });
});
