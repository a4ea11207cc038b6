import { Fault } from '#schema/errors.js';
import type { Store } from '#platform/store/store.js';

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Charges one request; 0 when it is admitted, else the seconds to wait. */
export type ChargeRate = (principal: string) => number;

export function tooMany(wait: number): Fault {
  return new Fault('RATE_LIMITED', 'Too many requests; slow down.', { retryAfter: wait });
}

interface Bucket {
  tokens: number;
  /** Of these, tokens that were lent before the store was asked for them. */
  owed: number;
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
      const want = lease + bucket.owed;
      const granted = await store.takeTokens(`rate/${principal}`, want, rate.perSecond, rate.burst);
      bucket.tokens += granted - bucket.owed;
      bucket.owed = 0;
    } catch {
      const since = (now() - bucket.refilledAt) / 1000;
      bucket.tokens = Math.min(rate.burst, bucket.tokens + since * rate.perSecond);
    }
    bucket.refilledAt = now();
    if (bucket.tokens >= 1) bucket.refilling = false;
    else setTimeout(() => (bucket.refilling = false), 100).unref();
  };
  return (principal) => {
    let bucket = buckets.get(principal);
    if (!bucket) buckets.set(principal, (bucket = { tokens: lease, owed: lease, refilling: false, refilledAt: now() }));
    const admitted = bucket.tokens >= 1;
    if (admitted) bucket.tokens -= 1;
    if ((bucket.owed > 0 || bucket.tokens <= lease / 2) && !bucket.refilling) void refill(principal, bucket);
    return admitted ? 0 : Math.max(1, Math.ceil(1 / rate.perSecond));
  };
}
