import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How late the event loop is. */
export interface EventLoop {
  /** 99th percentile over the last full second, in milliseconds. */
  p99(): number;
  stop(): void;
}

const resolution = 10;
const every = 1000;

/** Watches the event loop from now on; costs a timer every 10 ms. */
export function watchEventLoop(): EventLoop {
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  let last = 0;
  const timer = setInterval(() => {
    // The histogram holds the time between two ticks of its own timer, so its resolution is part of every value.
    last = histogram.count === 0 ? last : Math.max(0, histogram.percentile(99) / 1e6 - resolution);
    histogram.reset();
  }, every).unref();
  return {
    p99: () => last,
    stop() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
