import { setImmediate } from 'node:timers/promises';

const longest = 2;

/** Who waits for long work. Asked for the signal only at a pause: to make one costs as much as a short answer. */
export interface Waiter {
  readonly signal: AbortSignal;
}

/** Cuts long work into turns of at most 2 ms, so that other requests are answered in between. */
export function slices(waiter?: Waiter): { over(): boolean; pause(): Promise<void> } {
  let begun = performance.now();
  return {
    over: () => performance.now() - begun > longest,
    /** Rejects with the signal's reason when nobody waits for the work any more. */
    async pause() {
      await setImmediate();
      waiter?.signal.throwIfAborted();
      begun = performance.now();
    },
  };
}
