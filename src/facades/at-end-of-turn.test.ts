import { expect, test } from '@jest/globals';
import { atEndOfTurn } from './at-end-of-turn.js';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test('what comes in one turn is handed on at its end, all together and in order', async () => {
  const seen: string[] = [];
  const handOn = atEndOfTurn((each: string) => seen.push(each));
  handOn('a');
  handOn('b');
  await Promise.resolve();
  expect(seen).toEqual([]);
  await nextTurn();
  expect(seen).toEqual(['a', 'b']);
});

test('what comes of handing on waits for the next turn', async () => {
  const turns: string[][] = [[]];
  const handOn = atEndOfTurn((each: string) => {
    turns.at(-1)!.push(each);
    if (each === 'a') handOn('b');
  });
  handOn('a');
  for (let turn = 0; turn < 2; turn += 1) {
    await nextTurn();
    turns.push([]);
  }
  expect(turns).toEqual([['a'], ['b'], []]);
});
