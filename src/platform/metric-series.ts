import type { Scraped } from './metric-family.js';

/** A number that only grows. */
export class Count implements Scraped {
  #value = 0;

  add(by = 1): void {
    this.#value += by;
  }

  samples() {
    return [{ value: this.#value }];
  }
}

/** A number that goes up and down. */
export class Level implements Scraped {
  #value = 0;

  add(by: number): void {
    this.#value += by;
  }

  set(value: number): void {
    this.#value = value;
  }

  samples() {
    return [{ value: this.#value }];
  }
}

/** How values spread over buckets with fixed upper bounds, ascending. */
export class Spread implements Scraped {
  readonly #bounds: Float64Array;
  // One more than there are bounds: what is above them all.
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = Float64Array.from(bounds);
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let at = 0;
    while (at < bounds.length && value > bounds[at]!) at++;
    this.#counts[at]!++;
    this.#sum += value;
  }

  samples(name: string) {
    const upTo = runningTotals(this.#counts);
    const count = upTo.at(-1)!;
    const bucket = (le: string, value: number) => ({ metricName: `${name}_bucket`, labels: { le }, value });
    return [
      ...Array.from(this.#bounds, (bound, at) => bucket(String(bound), upTo[at]!)),
      bucket('+Inf', count),
      { metricName: `${name}_sum`, value: this.#sum },
      { metricName: `${name}_count`, value: count },
    ];
  }
}

function runningTotals(counts: Float64Array): Float64Array {
  let sum = 0;
  return counts.map((count) => (sum += count));
}
