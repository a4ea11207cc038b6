const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** When a notification that failed is tried again, and when no longer. All times in milliseconds. */
export interface RetryPolicy {
  /** Pauses after the first, second … failed attempt; the last one is repeated. */
  readonly pauses: readonly number[];
  /** A pause is up to this part of itself shorter or longer. */
  readonly jitter: number;
  /** Failed attempts after which a subscription is shown as degraded. */
  readonly degradedAfter: number;
  /** Age of the first failure after which a notification becomes a dead letter. */
  readonly giveUpAfter: number;
  /** Time without any success after which a subscription is disabled. */
  readonly disableAfter: number;
  /** `Retry-After` beyond this is taken for this. */
  readonly longestRetryAfter: number;
}

export const retryPolicy: RetryPolicy = {
  pauses: [5 * second, 10 * second, 30 * second, minute, 2 * minute, 5 * minute],
  jitter: 0.2,
  degradedAfter: 3,
  giveUpAfter: 72 * hour,
  disableAfter: 72 * hour,
  longestRetryAfter: hour,
};

/** How long to wait after so many failed attempts; `random` is in [0, 1). `Retry-After` is never undercut. */
export function pauseAfter(policy: RetryPolicy, attempts: number, random: number, retryAfter?: number): number {
  const { pauses, jitter, longestRetryAfter } = policy;
  const planned = pauses[Math.min(attempts, pauses.length) - 1] ?? 0;
  const spread = planned * (1 + jitter * (2 * random - 1));
  const asked = Math.min(retryAfter ?? 0, longestRetryAfter) * (1 + jitter * random);
  return Math.round(Math.max(spread, asked));
}

/** How many attempts at one notification there are in so long a time (milliseconds), when all of them fail. */
export function attemptsWithin({ pauses }: RetryPolicy, time: number): number {
  let [attempts, at] = [1, 0];
  for (const pause of pauses) {
    at += pause;
    if (at > time) break;
    attempts += 1;
  }
  return attempts;
}
