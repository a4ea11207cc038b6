import type { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { Splitter } from './splitter.js';

/** Longest that one stretch of parsing may hold the event loop, in milliseconds. */
const sliceMs = 4;

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
  let began = performance.now();
  try {
    for (;;) {
      const chunk = source.read() as Buffer | null;
      if (chunk === null) {
        if (parsed.length > 0) yield parsed;
        parsed = [];
        if (source.readableEnded) break;
        await more(source, silence());
        began = performance.now();
        continue;
      }
      for (const piece of splitter.push(chunk)) {
        parsed.push(parse(piece));
        if (performance.now() - began < sliceMs) continue;
        yield parsed;
        parsed = [];
        await turn();
        began = performance.now();
      }
    }
    splitter.end();
  } finally {
    source.destroy();
  }
}
