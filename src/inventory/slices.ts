import { setImmediate } from 'node:timers/promises';

const longest = 2;
/** Between two looks at the clock, milliseconds: how much longer than `longest` a turn may become. */
const glance = 0.25;

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

/** The same for work in small steps, whose cost shows only while they are done. */
export interface PacedSlices extends ReturnType<typeof slices> {
  /** Steps until `over` should be asked again: the fewer the dearer they were, one at least. */
  readonly stride: number;
}

/** `most`: the longest stride, for steps that cost next to nothing. The first stride is one step. */
export function pacedSlices(waiter: Waiter | undefined, most: number): PacedSlices {
  const slice = slices(waiter);
  let looked = performance.now();
  let stride = 1;
  return {
    get stride() {
      return stride;
    },
    over() {
      const now = performance.now();
      const took = now - looked;
      looked = now;
      stride = took > glance ? Math.max(1, Math.floor((stride * glance) / took)) : Math.min(most, stride * 2);
      return slice.over();
    },
    async pause() {
      await slice.pause();
      looked = performance.now();
    },
  };
}
