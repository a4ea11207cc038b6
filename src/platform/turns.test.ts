import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { busiestTurn } from './testing/busiest-turn.js';
import { steppedPerformance, type SteppedPerformance } from './testing/stepped-performance.js';
import { Turns } from './turns.js';

let clock: SteppedPerformance;
beforeEach(async () => {
  // The turn in which the former clock stood elsewhere is over.
  await nextTurn();
  clock = steppedPerformance();
});
afterEach(() => clock.putBack());

/** Work without end in pieces of 0.1 ms: a slice of 2 ms holds 20. */
function endless(turns: Turns) {
  const did = { pieces: 0, over: false };
  const all = turns.until(() => {
    clock.step(0.1);
    did.pieces += 1;
    return did.over;
  });
  return { did, end: () => ((did.over = true), all) };
}

test('who needs little time in many pieces waits for no slice of another at each of them', async () => {
  const turns = new Turns();
  const red = endless(turns.of('red'));
  const green = turns.of('green');
  // As long together as two slices.
  for (let piece = 0; piece < 400; piece += 1) await green.take(() => clock.step(0.01));
  expect(red.did.pieces).toBeLessThan(1000);
  await red.end();
});

test('nor does it wait where each piece is asked for some promises behind the last', async () => {
  const turns = new Turns();
  const red = endless(turns.of('red'));
  const green = turns.of('green');
  for (let piece = 0; piece < 400; piece += 1) {
    await green.take(() => clock.step(0.01));
    for (let step = 0; step < 20; step += 1) await undefined;
  }
  expect(red.did.pieces).toBeLessThan(1000);
  await red.end();
});

test('all queues together take one slice of a turn of the loop, and each has its own', async () => {
  const did = busiestTurn();
  const queues = Array.from({ length: 6 }, () => ({ turns: new Turns(), pieces: 0 }));
  const most = () => queues.reduce((sum, { pieces }) => sum + pieces, 0) >= 1200;
  await Promise.all(
    queues.map((queue) =>
      queue.turns.until(() => {
        clock.step(0.1);
        did.did();
        queue.pieces += 1;
        return most();
      }),
    ),
  );
  // A slice holds 20 pieces; six queues with one each had 120.
  expect(did.most()).toBeLessThan(45);
  expect(Math.min(...queues.map(({ pieces }) => pieces))).toBeGreaterThan(50);
});

test('who asks for many pieces at once has no more of the time than who asks for few', async () => {
  const turns = new Turns();
  const red = endless(turns.of('red'));
  const many = Array.from({ length: 1000 }, () => turns.of('green').take(() => clock.step(0.1)));
  await Promise.all(many);
  expect(red.did.pieces).toBeGreaterThan(500);
  expect(red.did.pieces).toBeLessThan(2000);
  await red.end();
});
