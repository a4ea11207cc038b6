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

/** Keeps the processor for so many milliseconds: a slice of 2 holds the same number of these on a busy machine. */
export function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
