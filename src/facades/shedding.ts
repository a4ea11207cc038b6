/** What tells that the process cannot keep up. */
export interface Load {
  readonly maxInFlight: number;
  /** 99th percentile of the event loop's delay over the last second, milliseconds. */
  loopDelay(): number;
  readonly maxLoopDelay: number;
}

/** Work is refused before it is begun: when far too much is in flight, or much is and the loop is late. */
export function overloaded(load: Load, inFlight: number): boolean {
  return inFlight > load.maxInFlight || (inFlight > load.maxInFlight / 10 && load.loopDelay() > load.maxLoopDelay);
}
