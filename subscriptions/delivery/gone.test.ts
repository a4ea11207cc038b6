import { expect, test } from '@jest/globals';
import type { Position } from '#schema/position.js';
import { Gone } from './gone.js';

const at = (seq: number): Position => ({ seq, tag: 't' });

/** A view that is told how far it has come. */
function view() {
  const waiting = new Map<Position, { resolve(): void; reject(error: Error): void }>();
  const reached = (position: Position) =>
    new Promise<void>((resolve, reject) => void waiting.set(position, { resolve, reject }));
  return { reached, waiting };
}

test('a deletion is remembered until the view has passed it, or the log has lost it', async () => {
  const { reached, waiting } = view();
  const gone = new Gone({ reached });
  const [first, second] = [at(1), at(2)];
  gone.add('a', first);
  gone.add('b', second);
  expect([gone.has('a'), gone.has('b'), gone.size]).toEqual([true, true, 2]);
  waiting.get(first)!.resolve();
  await Promise.resolve();
  expect([gone.has('a'), gone.has('b')]).toEqual([false, true]);
  waiting.get(second)!.reject(new Error('lost'));
  await new Promise(setImmediate);
  expect(gone.size).toBe(0);
});

test('one that was restored and deleted again is remembered for its last deletion', async () => {
  const { reached, waiting } = view();
  const gone = new Gone({ reached });
  const [first, second] = [at(1), at(2)];
  gone.add('a', first);
  gone.delete('a');
  expect(gone.has('a')).toBe(false);
  gone.add('a', second);
  waiting.get(first)!.resolve();
  await new Promise(setImmediate);
  expect(gone.has('a')).toBe(true);
});
