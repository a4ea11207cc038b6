import { collectDefaultMetrics, Registry } from 'prom-client';
import { watchEventLoop } from './event-loop.js';
import { family, measured, measuredEach, type Family, type Readings } from './metric-family.js';
import { Count, Level, Spread } from './metric-series.js';

export type { Count, Level, Spread };

/**
 * The gateway's numbers. A series is looked up once, by its label values, and kept by who counts: counting is then an addition.
 * Label values are names from the code and the configuration, never ids or paths; beyond 1,000 series they become `other`.
 */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): (...values: string[]) => Count;
  gauge(name: string, help: string, labels?: readonly string[]): (...values: string[]) => Level;
  /** `buckets`: upper bounds, ascending. */
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: readonly string[],
  ): (...values: string[]) => Spread;
  /** A gauge whose value is read when it is scraped; undefined leaves it out. */
  measured(name: string, help: string, read: () => number | undefined): void;
  /** Gauges of which every scrape reads the series anew: label values, in the order of `labels`, and number of each. */
  measuredEach(name: string, help: string, labels: readonly string[], read: () => Readings | Promise<Readings>): void;
  /** 99th percentile of the event loop's delay over the last full second, in milliseconds; for load shedding. */
  eventLoopDelay(): number;
  /** Everything, the process's own metrics included, in Prometheus' text format. */
  text(): Promise<string>;
  close(): void;
}

/** Content-Type of `text()`. */
export const metricsType = Registry.PROMETHEUS_CONTENT_TYPE;

/** Upper bounds, in seconds, for the time of a request. */
export const requestBuckets: readonly number[] = [
  0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** The metrics of one gateway. Registering a name twice throws. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const eventLoop = watchEventLoop();
  // Now, not at the first scrape: it counts from when it is made.
  const process = processMetrics();
  const register = <S>({ metric, series }: Family<S>) => {
    registry.registerMetric(metric);
    return series;
  };
  const metrics: Metrics = {
    counter: (name, help, labels = []) => register(family(name, help, 'counter', labels, () => new Count())),
    gauge: (name, help, labels = []) => register(family(name, help, 'gauge', labels, () => new Level())),
    histogram: (name, help, buckets, labels = []) =>
      register(family(name, help, 'histogram', labels, () => new Spread(buckets))),
    measured: (name, help, read) => registry.registerMetric(measured(name, help, read)),
    measuredEach: (name, help, labels, read) => registry.registerMetric(measuredEach(name, help, labels, read)),
    eventLoopDelay: eventLoop.p99,
    text: async () => `${await process.metrics()}\n${await registry.metrics()}`,
    close: eventLoop.stop,
  };
  const help = 'Delay of the event loop over the last second, 99th percentile.';
  metrics.measured('netweave_event_loop_delay_p99_seconds', help, () => eventLoop.p99() / 1000);
  return metrics;
}

// One for the process, however many gateways are in it: what collectDefaultMetrics starts cannot be stopped.
let ofProcess: Registry | undefined;

function processMetrics(): Registry {
  if (!ofProcess) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}
