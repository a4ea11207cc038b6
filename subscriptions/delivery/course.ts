import { attemptsWithin, pauseAfter, type RetryPolicy } from './policy.js';

/** What came of one attempt. */
export type Outcome =
  | { readonly result: 'delivered'; readonly status: number }
  | {
      readonly result: 'failed';
      readonly error: string;
      readonly status?: number;
      /** Milliseconds that the callback asks us to wait. */
      readonly retryAfter?: number;
    }
  /** 410: the callback wants no more of them. */
  | { readonly result: 'gone'; readonly status: number; readonly error: string };

/** The attempts at one notification, all of which failed so far. */
export interface Failing {
  readonly since: number;
  readonly attempts: number;
  readonly lastAttempt: number;
  readonly nextAttempt: number;
  readonly error: string;
  /** Milliseconds that the callback asked us to wait, the last time. */
  readonly retryAfter?: number;
}

/** How a callback has been doing since it last took a notification. */
export interface Health {
  /** Failed attempts in a row, at whichever notifications. */
  readonly failures: number;
  /** Time of the first of them. */
  readonly since?: number;
  /** Whether the subscription is shown as degraded for it. */
  readonly degraded: boolean;
}

export const healthy: Health = { failures: 0, degraded: false };

/** What becomes of the notification. */
export type Verdict =
  | { readonly then: 'done' }
  | { readonly then: 'retry'; readonly failing: Failing }
  | { readonly then: 'dead'; readonly reason: string; readonly attempts: number }
  /** It stays owed, and is the first that is tried when the subscription is resumed. */
  | { readonly then: 'kept' };

/** What becomes of the subscription, when that changes. */
export interface Turn {
  readonly state: 'active' | 'degraded' | 'disabled';
  readonly reason?: string;
}

export interface Next {
  readonly verdict: Verdict;
  readonly health: Health;
  readonly turn?: Turn;
}

/** Decides after one attempt. `expired`: why the notification can be kept no longer, if so. */
export function next(
  before: { readonly failing?: Failing | undefined; readonly health: Health },
  outcome: Outcome,
  at: { readonly now: number; readonly random: number; readonly expired?: string | undefined },
  policy: RetryPolicy,
): Next {
  const { health } = before;
  if (outcome.result === 'delivered')
    return { verdict: { then: 'done' }, health: healthy, ...(health.degraded && { turn: { state: 'active' } }) };
  if (outcome.result === 'gone')
    return { verdict: { then: 'kept' }, health: healthy, turn: { state: 'disabled', reason: outcome.error } };
  const failing = failed(before, outcome, at, policy);
  const verdict = verdictOf(failing, at, policy);
  const since = health.since ?? at.now;
  if (at.now - since >= policy.disableAfter) {
    const reason = `No notification was taken for ${inHours(at.now - since)}; the last error was: ${outcome.error}`;
    return {
      verdict: verdict.then === 'dead' ? verdict : { then: 'kept' },
      health: healthy,
      turn: { state: 'disabled', reason },
    };
  }
  const failures = health.failures + 1;
  const degrades = !health.degraded && failures >= policy.degradedAfter;
  return {
    verdict,
    health: { failures, since, degraded: health.degraded || degrades },
    ...(degrades && { turn: { state: 'degraded', reason: `Notifications fail: ${outcome.error}` } }),
  };
}

function failed(
  { failing: before, health }: { readonly failing?: Failing | undefined; readonly health: Health },
  { error, retryAfter }: { readonly error: string; readonly retryAfter?: number },
  { now, random }: { readonly now: number; readonly random: number },
  policy: RetryPolicy,
): Failing {
  const attempts = (before?.attempts ?? 0) + 1;
  // The next one is not tried more often because the one before it was given up; nor is it tried more rarely because others
  // failed beside it: eight at once say no more of a callback than one does.
  const inRow = Math.min(health.failures + 1, attemptsWithin(policy, now - (health.since ?? now)));
  const pause = pauseAfter(policy, Math.max(attempts, inRow), random, retryAfter);
  const asked = retryAfter !== undefined && { retryAfter };
  return { since: before?.since ?? now, attempts, lastAttempt: now, nextAttempt: now + pause, error, ...asked };
}

function verdictOf(
  failing: Failing,
  { now, expired }: { readonly now: number; readonly expired?: string | undefined },
  policy: RetryPolicy,
): Verdict {
  const { attempts, since, error } = failing;
  const why =
    now - since >= policy.giveUpAfter
      ? `It was tried for ${inHours(now - since)}; the last error was: ${error}`
      : expired;
  return why === undefined ? { then: 'retry', failing } : { then: 'dead', reason: why, attempts };
}

function inHours(milliseconds: number): string {
  const hours = milliseconds / 3_600_000;
  return hours >= 1 ? `${Math.round(hours)} h` : `${Math.round(milliseconds / 1000)} s`;
}
