import { expect, test } from '@jest/globals';
import { answers, heldAnswer, keep, shownAs } from './answers.js';

/** What is left of a body of such pieces, each cut out of `behind` bytes, once its answer is kept. */
function keptOf(pieces: readonly number[], behind: number) {
  const content = pieces.map((length) => Buffer.alloc(behind, 'ü').subarray(0, length));
  const length = pieces.reduce((sum, each) => sum + each);
  const held = heldAnswer('1.a', '"1"', {}, shownAs({ content, length }, undefined));
  keep(answers(1e6), {}, held);
  expect(held.shown.body.length).toBe(length);
  const { content: kept } = held.shown.body;
  const whole = Buffer.concat(content);
  return { kept, whole, pieces: content };
}

test('a small answer is kept as text, and nothing of the blocks it was cut out of', () => {
  const { kept, whole } = keptOf([300, 20], 20_000);
  expect(kept).toBe(whole.toString());
});

test('a page of many short pieces gets memory of its own', () => {
  const { kept, whole } = keptOf(Array<number>(20).fill(1000), 20_000);
  expect(whole.equals(kept as Buffer)).toBe(true);
  expect((kept as Buffer).buffer.byteLength).toBe(whole.length);
});

test('a page that shows most of what is behind it is not copied', () => {
  const { kept, pieces } = keptOf([12_000, 20_000], 20_000);
  expect(kept).toBe(pieces);
});
