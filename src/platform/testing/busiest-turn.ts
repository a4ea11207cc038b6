/** How much is done in one turn of the loop, at most. */
export function busiestTurn() {
  let [now, most, counting] = [0, 0, true];
  const next = () => {
    now = 0;
    if (counting) setImmediate(next);
  };
  setImmediate(next);
  return {
    did: () => void (most = Math.max(most, (now += 1))),
    /** Stops counting. */
    most() {
      counting = false;
      return most;
    },
  };
}

/**
 * Keeps the processor for so many milliseconds: a slice of 2 holds the same number of these on a busy machine. By the one clock
 * that no suite stops: what one left running would spin for ever in the next.
 */
export function work(milliseconds: number): void {
  const end = process.hrtime.bigint() + BigInt(Math.round(milliseconds * 1e6));
  while (process.hrtime.bigint() < end);
}
