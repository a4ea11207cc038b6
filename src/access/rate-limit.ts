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
  /** Of these, tokens that were lent while the store was silent: owed to it when it answers, and forgotten when it is away. */
  lent: number;
  /** Since when an answer of the store is waited for, milliseconds. */
  askedAt: number | undefined;
  /** From when on the store may be asked again. */
  askAgainAt: number;
  /** Up to when it was refilled. */
  refilledAt: number;
}

/** Longest to wait for the store before a bucket refills itself, milliseconds. A command of Redis may hang for seconds. */
const patience = 100;

/** Before the store is asked again for what it had none of, milliseconds. */
const pause = 100;

/**
 * Spends a local lease of tokens that is refilled from the store in the background: a request never waits for the store, and
 * all replicas share one limit. With the store away or silent each replica falls back to refilling itself at the same rate. Its
 * clock is its own, and never steps back: nobody would be admitted for as long as such a step.
 */
export function rateLimit(store: Store, rate: Rate | undefined, now = () => performance.now()): ChargeRate {
  if (!rate) return () => 0;
  const lease = Math.max(1, Math.min(Math.ceil(rate.perSecond / 4), rate.burst));
  const buckets = new Map<string, Bucket>();
  /** What the time since the last refill has earned. */
  const earn = (bucket: Bucket): void => {
    const since = (now() - bucket.refilledAt) / 1000;
    const earned = Math.min(since * rate.perSecond, Math.max(0, rate.burst - bucket.tokens));
    bucket.tokens += earned;
    bucket.lent += earned;
    bucket.refilledAt = now();
  };
  const refill = async (principal: string, bucket: Bucket): Promise<void> => {
    bucket.askedAt = now();
    try {
      const want = lease + bucket.owed;
      const granted = await store.takeTokens(`rate/${principal}`, want, rate.perSecond, rate.burst);
      bucket.tokens += granted - bucket.owed;
      bucket.owed = bucket.lent;
      bucket.refilledAt = now();
    } catch {
      earn(bucket);
    }
    bucket.lent = 0;
    bucket.askedAt = undefined;
    if (bucket.tokens < 1) bucket.askAgainAt = now() + pause;
  };
  return (principal) => {
    let bucket = buckets.get(principal);
    if (!bucket) buckets.set(principal, (bucket = lentBucket(lease, now())));
    if (bucket.askedAt !== undefined && now() - bucket.askedAt > patience) earn(bucket);
    const admitted = bucket.tokens >= 1;
    if (admitted) bucket.tokens -= 1;
    const low = bucket.owed > 0 || bucket.tokens <= lease / 2;
    if (low && bucket.askedAt === undefined && now() >= bucket.askAgainAt) void refill(principal, bucket);
    return admitted ? 0 : Math.max(1, Math.ceil(1 / rate.perSecond));
  };
}

function lentBucket(lease: number, refilledAt: number): Bucket {
  return { tokens: lease, owed: lease, lent: 0, askedAt: undefined, askAgainAt: 0, refilledAt };
}
