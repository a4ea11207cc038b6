/** What tells that the process cannot keep up. */
export interface Load {
  /** Beyond it, principals that have an equal part of it begin nothing more. */
  readonly maxInFlight: number;
  /** 99th percentile of the event loop's delay over the last second, milliseconds. */
  loopDelay(): number;
  readonly maxLoopDelay: number;
}

/** Work is refused before it is known whose it is when much is in flight and the loop is late: then nobody is served well. */
export function overloaded(load: Load, inFlight: number): boolean {
  return inFlight > load.maxInFlight / 10 && load.loopDelay() > load.maxLoopDelay;
}
