import { setImmediate } from 'node:timers/promises';

const longest = 2;

/** Cuts long work of the gateway's own into turns of at most 2 ms, so that requests are answered in between. */
export function slices(): { over(): boolean; pause(): Promise<void> } {
  let begun = performance.now();
  return {
    over: () => performance.now() - begun > longest,
    async pause() {
      await setImmediate();
      begun = performance.now();
    },
  };
}
