import type { Readable } from 'node:stream';
import { afterSilence } from '../../kit/silence.js';

/** Nothing came for so long that the connection must be taken for dead. */
export class Silent extends Error {}

/** The bytes of a body in the order in which they came. */
export interface Arrivals {
  /** What has come and was not taken yet; undefined when there is nothing. */
  take(): Buffer | undefined;
  /** Waits for more: true when there is some, false at the end. Throws what broke the body, and `Silent` after `silenceMs`. */
  more(silenceMs: number): Promise<boolean>;
}

/** The sender is held back when so many chunks (of at most 64 KiB) wait. */
const mostWaiting = 16;

export function arrivalsOf(source: Readable): Arrivals {
  const waiting: Buffer[] = [];
  let ended = false;
  let broken: Error | undefined;
  let wake = (): void => undefined;

  source.on('data', (chunk: Buffer) => {
    if (waiting.push(chunk) >= mostWaiting) source.pause();
    wake();
  });
  source.once('end', () => {
    ended = true;
    wake();
  });
  const onBreak = (cause?: Error) => {
    broken ??= cause ?? new Error('The connection was closed in the middle of the answer.');
    wake();
  };
  source.on('error', onBreak).once('close', () => onBreak());
  if (source.destroyed) onBreak(source.errored ?? undefined);

  return {
    take() {
      const chunk = waiting.shift();
      if (chunk && waiting.length === 0 && source.isPaused()) source.resume();
      return chunk;
    },
    async more(silenceMs) {
      if (waiting.length === 0 && !ended && !broken) {
        await new Promise<void>((resolve) => {
          const silence = afterSilence(silenceMs, resolve);
          wake = () => {
            silence.stop();
            resolve();
          };
        });
      }
      if (waiting.length > 0) return true;
      if (ended) return false;
      throw broken ?? new Silent(`Nothing came for ${Math.round(silenceMs / 1000)} s.`);
    },
  };
}
