/** Takes between two sweeps of buckets that are full again. */
const sweepEvery = 1024;

/**
 * Token buckets of this process. A bucket is one number, the time at which it is full again; one that is full is the same
 * as one that was never used, so it is dropped, and a restart gives everybody a full one.
 */
export class TokenBuckets {
  /** Monotonic clock, milliseconds. */
  readonly #fullAt = new Map<string, number>();
  #takes = 0;

  take(bucket: string, want: number, rate: number, burst: number): number {
    const now = performance.now();
    if (++this.#takes % sweepEvery === 0) this.#sweep(now);
    const fullAt = Math.max(this.#fullAt.get(bucket) ?? now, now);
    // The sliver makes up for rounding: 4 tokens must not read as 3.9999.
    const left = Math.floor(burst - ((fullAt - now) * rate) / 1000 + 1e-6);
    const got = Math.max(0, Math.min(want, left));
    if (got > 0) this.#fullAt.set(bucket, fullAt + (got / rate) * 1000);
    return got;
  }

  #sweep(now: number): void {
    for (const [bucket, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(bucket);
  }
}
