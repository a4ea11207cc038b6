import { expect, test } from '@jest/globals';
import { Gone } from './gone.js';

const none = new Set<string>();
const place = (seq: number) => ({ seq, tag: 'a' });

function deleted(count: number): { readonly gone: Gone; known(): readonly number[] } {
  const gone = new Gone();
  for (let seq = 1; seq <= count; seq += 1) gone.add(`s${seq}`, place(seq));
  const all = Array.from({ length: count }, (_, index) => index + 1);
  return { gone, known: () => all.filter((seq) => gone.has(`s${seq}`)) };
}

test('whoever was deleted is known until the view has come to where it was', () => {
  const { gone, known } = deleted(5);
  gone.forget(place(3), none);
  expect(known()).toEqual([4, 5]);
  gone.forget(place(2), none);
  expect(known()).toEqual([4, 5]);
  gone.forget(place(5), none);
  expect(known()).toEqual([]);
});

test('one that is being begun stays known until that has found out', () => {
  const { gone, known } = deleted(2);
  gone.forget(place(9), new Set(['s1']));
  expect(known()).toEqual([1]);
  gone.forget(place(9), none);
  expect(known()).toEqual([]);
});
