import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { arrivalsOf } from './arrivals.js';
import type { Splitter } from './splitter.js';

/** Longest that parsing may go on in one turn of the event loop, all streams together, in milliseconds. */
const sliceMs = 4;

/** When the present turn began. One read of a socket can bring 32 chunks, each of which continues its reader in that turn. */
let turnBegan = 0;
let isNewTurn = true;

function noteTurn(): void {
  if (!isNewTurn) return;
  isNewTurn = false;
  turnBegan = performance.now();
  setImmediate(() => (isNewTurn = true));
}

/**
 * Parses a body piece by piece while it arrives. Yields what is there whenever nothing more is, and at least every 4 ms, after
 * which the event loop gets a turn. Ends with the body; throws what broke it. `silence` is asked before each wait.
 */
export async function* sliced<T>(
  source: Readable,
  splitter: Splitter,
  parse: (piece: Buffer) => T,
  silence: () => number,
): AsyncGenerator<T[]> {
  const arrivals = arrivalsOf(source);
  let parsed: T[] = [];
  try {
    do {
      for (let chunk = arrivals.take(); chunk; chunk = arrivals.take()) {
        noteTurn();
        for (const piece of splitter.push(chunk)) {
          parsed.push(parse(piece));
          if (performance.now() - turnBegan < sliceMs) continue;
          yield parsed;
          parsed = [];
          await nextTurn();
          noteTurn();
        }
      }
      if (parsed.length > 0) yield parsed;
      parsed = [];
    } while (await arrivals.more(silence()));
    splitter.end();
  } finally {
    source.destroy();
  }
}
