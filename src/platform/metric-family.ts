import type { Metric } from 'prom-client';

/** One line of the text format: an own name when it differs from the family's, extra labels, a value. */
interface Sample {
  readonly metricName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A series as it is scraped. */
export interface Scraped {
  samples(name: string): readonly Sample[];
}

/** All series of one name, and the same as prom-client's registry reads it. */
export interface Family<S> {
  readonly series: (...values: string[]) => S;
  readonly metric: Metric;
}

// A label value that comes from a request by mistake must not fill the memory.
const mostSeries = 1000;

export function family<S extends Scraped>(
  name: string,
  help: string,
  type: 'counter' | 'gauge' | 'histogram',
  labels: readonly string[],
  create: () => S,
): Family<S> {
  const all = new Map<string, { readonly series: S; readonly labels: Readonly<Record<string, string>> }>();
  const find = (values: readonly string[]): S => {
    const key = values.join('\u0000');
    const found = all.get(key);
    if (found) return found.series;
    const overflow = labels.map(() => 'other');
    if (all.size >= mostSeries && key !== overflow.join('\u0000')) return find(overflow);
    const series = create();
    all.set(key, { series, labels: Object.fromEntries(labels.map((label, at) => [label, values[at]!])) });
    return series;
  };
  if (labels.length === 0) find([]);
  const series = (...values: string[]) => {
    if (values.length !== labels.length)
      throw new Error(`${name} has the labels ${labels.join(', ')}; ${values.length} were given.`);
    return find(values);
  };
  const values = () =>
    [...all.values()].flatMap((each) =>
      each.series.samples(name).map((sample) => ({ ...sample, labels: { ...each.labels, ...sample.labels } })),
    );
  return { series, metric: readable({ name, help, type, values }) };
}

/** A metric that is read on every scrape. */
export function measured(name: string, help: string, read: () => number | undefined): Metric {
  const values = () => {
    const value = read();
    return value === undefined ? [] : [{ value, labels: {} }];
  };
  return readable({ name, help, type: 'gauge', values });
}

/** Series by their label values, each with its number. */
export type Readings = Iterable<readonly [labels: readonly string[], value: number]>;

/** The same with labels; reading may take its time. */
export function measuredEach(
  name: string,
  help: string,
  labels: readonly string[],
  read: () => Readings | Promise<Readings>,
): Metric {
  const values = async () =>
    Array.from(await read(), ([of, value]) => ({
      value,
      labels: Object.fromEntries(labels.map((label, at) => [label, of[at]!])),
    }));
  return readable({ name, help, type: 'gauge', values });
}

// Of a metric the registry uses only the name and get(); its own classes cost microseconds per observation.
function readable({
  values,
  ...head
}: {
  name: string;
  help: string;
  type: string;
  values: () => readonly Sample[] | Promise<readonly Sample[]>;
}): Metric {
  const metric = {
    ...head,
    aggregator: 'sum',
    get: async () => ({ ...head, aggregator: 'sum', values: await values() }),
  };
  return metric as unknown as Metric;
}
