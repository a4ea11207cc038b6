/** The process's monotonic clock, stopped until it is put back. */
export interface SteppedPerformance {
  step(milliseconds: number): void;
  putBack(): void;
}

/** By the real clock, a machine short of processors ends turns, and leases, wherever it likes. */
export function steppedPerformance(): SteppedPerformance {
  const { now } = performance;
  let time = now.call(performance);
  performance.now = () => time;
  return {
    step: (milliseconds) => void (time += milliseconds),
    putBack: () => void (performance.now = now),
  };
}
