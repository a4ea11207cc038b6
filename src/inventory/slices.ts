import { setImmediate } from 'node:timers/promises';

const longest = 2;

/** Cuts long work into turns of at most 2 ms, so that other requests are answered in between. */
export function slices(signal?: AbortSignal): { over(): boolean; pause(): Promise<void> } {
  let begun = performance.now();
  return {
    over: () => performance.now() - begun > longest,
    /** Rejects with the signal's reason when nobody waits for the work any more. */
    async pause() {
      await setImmediate();
      signal?.throwIfAborted();
      begun = performance.now();
    },
  };
}
