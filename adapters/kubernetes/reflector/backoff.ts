/** How the pauses between attempts grow; milliseconds. */
export interface BackoffTiming {
  readonly first: number;
  readonly longest: number;
  /** After so long without a fault the next pause is a short one again. */
  readonly healthyAfter: number;
}

/** Full jitter (a random share of a limit that doubles), so that many gateways do not come back all at once. */
export interface Backoff {
  /** Milliseconds to wait now; at least `atLeast`, which is what the server asked for. */
  next(atLeast?: number): number;
}

export function createBackoff(timing: BackoffTiming, now: () => number = Date.now, random = Math.random): Backoff {
  let limit = timing.first;
  let last: number | undefined;
  return {
    next(atLeast = 0) {
      const at = now();
      if (last !== undefined && at - last >= timing.healthyAfter) limit = timing.first;
      last = at;
      const pause = Math.max(random() * limit, atLeast);
      limit = Math.min(limit * 2, timing.longest);
      return pause;
    },
  };
}
