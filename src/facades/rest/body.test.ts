import { expect, test } from '@jest/globals';
import { inOnePiece } from './body.js';

test('pieces become one, whatever they are made of, in memory that is no longer than they are', () => {
  const text = '[{"a":"grün"},{"b":"日本"}]';
  const whole = Buffer.from(text);
  for (const content of [text, whole, [text.slice(0, 9), Buffer.from(text.slice(9, 20)), text.slice(20)]]) {
    const piece = inOnePiece({ content, length: whole.length });
    expect(piece.equals(whole)).toBe(true);
    expect(piece.buffer.byteLength).toBe(whole.length);
  }
});
