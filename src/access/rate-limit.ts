import type { Store } from '#platform/store/store.js';

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Charges one request; 0 when it is admitted, else the seconds to wait. */
export type ChargeRate = (principal: string) => number;

interface Bucket {
  tokens: number;
  refilling: boolean;
  /** Milliseconds since 1970. */
  refilledAt: number;
}

/**
 * Spends a local lease of tokens that is refilled from the store in the background: a request never waits for the store, and
 * all replicas share one limit. With the store away each replica falls back to refilling itself at the same rate.
 */
export function rateLimit(store: Store, rate: Rate | undefined, now: () => number = Date.now): ChargeRate {
  if (!rate) return () => 0;
  const lease = Math.max(1, Math.min(Math.ceil(rate.perSecond / 4), rate.burst));
  const buckets = new Map<string, Bucket>();
  const refill = async (principal: string, bucket: Bucket): Promise<void> => {
    bucket.refilling = true;
    try {
      const granted = await store.takeTokens(`rate/${principal}`, lease, rate.perSecond, rate.burst);
      bucket.tokens += granted;
      bucket.refilledAt = now();
    } catch {
      const since = (now() - bucket.refilledAt) / 1000;
      bucket.tokens = Math.min(rate.burst, bucket.tokens + since * rate.perSecond);
      bucket.refilledAt = now();
    }
    setTimeout(() => (bucket.refilling = false), bucket.tokens < 1 ? 100 : 0).unref();
  };
  return (principal) => {
    let bucket = buckets.get(principal);
    if (!bucket) buckets.set(principal, (bucket = { tokens: lease, refilling: false, refilledAt: now() }));
    if (bucket.tokens <= lease / 2 && !bucket.refilling) void refill(principal, bucket);
    if (bucket.tokens < 1) return Math.max(1, Math.ceil(1 / rate.perSecond));
    bucket.tokens -= 1;
    return 0;
  };
}
