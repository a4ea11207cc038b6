import type { BackoffTiming } from './backoff.js';

/** Every period of a reflector, in milliseconds. */
export interface Timing {
  /** Time the server is told to end a watch after: drawn from here to twice this. */
  readonly watchFor: number;
  /** Silence beyond the server's own end of a watch. */
  readonly grace: number;
  /** Silence in a watch that has shown that it sends bookmarks (servers do every minute). */
  readonly bookmarkSilence: number;
  /** Until the headers of an answer, and between two pieces of a list. */
  readonly answerWithin: number;
  /** A kind that could not be read for so long is reported as stale. */
  readonly staleAfter: number;
  /** A watch that ended sooner than this did not work. */
  readonly shortest: number;
  readonly backoff: BackoffTiming;
}

/** Numbers of client-go's reflector; the two silences are ours. */
export const usualTiming: Timing = {
  watchFor: 300_000,
  grace: 30_000,
  bookmarkSilence: 150_000,
  answerWithin: 30_000,
  staleAfter: 30_000,
  shortest: 1_000,
  backoff: { first: 800, longest: 30_000, healthyAfter: 120_000 },
};
