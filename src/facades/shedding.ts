import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What tells that the process cannot keep up. */
export interface Load {
  inFlight(): number;
  readonly maxInFlight: number;
  /** 99th percentile of the event loop's delay over the last second, milliseconds. */
  loopDelay(): number;
  readonly maxLoopDelay: number;
}

/** Work is refused before it is begun, and only when both the loop is late and requests pile up. */
export function overloaded(load: Load): boolean {
  const inFlight = load.inFlight();
  return inFlight > load.maxInFlight || (inFlight > load.maxInFlight / 10 && load.loopDelay() > load.maxLoopDelay);
}

/** Watches the event loop; `stop` ends it. */
export function watchLoad(limits: { readonly maxInFlight: number; readonly maxLoopDelay: number }, inFlight: () => number): Load & { stop(): void } {
  const histogram = monitorEventLoopDelay({ resolution: 20 });
  histogram.enable();
  let delay = 0;
  const timer = setInterval(() => {
    delay = histogram.percentile(99) / 1e6;
    histogram.reset();
  }, 1000);
  timer.unref();
  return {
    ...limits,
    inFlight,
    loopDelay: () => delay,
    stop() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
