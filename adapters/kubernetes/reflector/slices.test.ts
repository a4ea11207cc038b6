import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { steppedPerformance, type SteppedPerformance } from '#platform/testing/stepped-performance.js';
import { lineSplitter } from './lines.js';
import { sliced } from './slices.js';

// Here a piece takes a millisecond.
let clock: SteppedPerformance;
beforeAll(() => {
  clock = steppedPerformance();
});
afterAll(() => clock.putBack());

let [inTurn, most, counting] = [0, 0, true];
beforeEach(() => {
  [inTurn, most, counting] = [0, 0, true];
  const next = () => {
    inTurn = 0;
    if (counting) setImmediate(next);
  };
  setImmediate(next);
});
afterEach(() => {
  counting = false;
});

function parse(piece: Buffer): string {
  clock.step(1);
  most = Math.max(most, (inTurn += 1));
  return piece.toString();
}

async function readAll(source: Readable): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const parsed of sliced(source, lineSplitter(), parse, () => 30_000)) all.push(...parsed);
  return all;
}

const names = Array.from({ length: 40 }, (_each, index) => `line ${index}`);

/** A body that comes in these chunks, all of them in one turn of the loop: as what one read of a socket brings. */
function body(chunks: readonly string[]): Readable {
  const source = new Readable({ read: () => undefined });
  const left = [...chunks];
  const push = () => {
    const chunk = left.shift();
    source.push(chunk === undefined ? null : Buffer.from(chunk));
    if (chunk !== undefined) process.nextTick(push);
  };
  process.nextTick(push);
  return source;
}

test('the loop has a turn after 4 ms of parsing, and nothing is lost by it', async () => {
  expect(await readAll(body([names.map((name) => `${name}\n`).join('')]))).toEqual(names);
  expect(most).toBe(4);
});

test('so it has when the pieces come one by one', async () => {
  expect(await readAll(body(names.map((name) => `${name}\n`)))).toEqual(names);
  expect(most).toBe(4);
});

test('many bodies share these 4 ms', async () => {
  const bodies = names.map(() => body([names.map((name) => `${name}\n`).join('')]));
  for (const all of await Promise.all(bodies.map(readAll))) expect(all).toEqual(names);
  // Each that has begun parses one piece to its end.
  expect(most).toBeLessThanOrEqual(names.length + 4);
});
