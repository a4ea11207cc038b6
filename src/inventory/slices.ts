import { setImmediate } from 'node:timers/promises';

const longest = 2;
/** Between two looks at the clock, milliseconds: how much longer than it should a turn may become. */
const glance = 0.25;

/** Work that is cut into turns. */
export interface Turn {
  over(): boolean;
  pause(): Promise<void>;
}

/** Cuts long work of the gateway's own into turns of at most 2 ms, so that requests are answered in between. */
export function slices(): Turn {
  let begun = performance.now();
  return {
    over: () => performance.now() - begun > longest,
    async pause() {
      await setImmediate();
      begun = performance.now();
    },
  };
}

/** A turn of work in small steps, whose cost shows only while they are done. */
export interface Paced extends Turn {
  /** Steps until `over` should be asked again: the fewer the dearer they were, one at least. */
  readonly stride: number;
}

/** `most`: the longest stride, for steps that cost next to nothing. The first stride is one step. */
export function paced(turn: Turn, most: number): Paced {
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
      return turn.over();
    },
    async pause() {
      await turn.pause();
      looked = performance.now();
    },
  };
}
