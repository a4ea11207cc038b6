import type { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
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

/** Nothing came for so long that the connection must be taken for dead. */
export class Silent extends Error {}

/** Waits for more of `source` or for its end; throws what broke it, and `Silent` after `silenceMs`. */
function more(source: Readable, silenceMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => done(new Silent(`Nothing came for ${Math.round(silenceMs / 1000)} s.`)), silenceMs);
    const onReadable = () => done();
    const onClose = () => done(new Error('The connection was closed in the middle of the answer.'));
    const done = (error?: Error) => {
      clearTimeout(timer);
      source.off('readable', onReadable).off('end', onReadable).off('error', done).off('close', onClose);
      if (error) reject(error);
      else resolve();
    };
    source.on('readable', onReadable).on('end', onReadable).on('error', done).on('close', onClose);
    if (source.destroyed && !source.readableEnded) done(source.errored ?? new Error('The connection is closed.'));
  });
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
  let parsed: T[] = [];
  try {
    for (;;) {
      const chunk = source.read() as Buffer | null;
      if (chunk === null) {
        if (parsed.length > 0) yield parsed;
        parsed = [];
        if (source.readableEnded) break;
        await more(source, silence());
        continue;
      }
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
    splitter.end();
  } finally {
    source.destroy();
  }
}
