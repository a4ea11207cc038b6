import { healthy, next, type Failing, type Health, type Next, type Outcome } from './course.js';
import type { Entry } from '../log/recent.js';
import { pauseAfter, type RetryPolicy } from './policy.js';

/** The notifications of one subscription that were begun and are not done. */
export class Tries {
  /** Being posted, or about to be. */
  readonly #underWay = new Map<number, Promise<void>>();
  /** To be tried again. */
  readonly #waiting = new Map<number, Entry>();
  readonly #failing = new Map<number, Failing>();
  /** How the oldest one failed before this process had it. */
  #first: Failing | undefined;
  #health: Health;
  /** Something was asked for again, and no attempt that began since has ended. */
  #asked = false;
  /** Under way since before that. */
  #earlier = new Set<number>();

  constructor(health: Health, first: Failing | undefined) {
    this.#health = health;
    this.#first = first;
  }

  get health(): Health {
    return this.#health;
  }

  /** How many hold a place. */
  get begun(): number {
    return this.#underWay.size + this.#waiting.size;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  isUnderWay({ change }: Entry): boolean {
    return this.#underWay.has(change.position.seq);
  }

  isRetry({ change }: Entry): boolean {
    return this.#failing.has(change.position.seq);
  }

  /** Of the oldest one that fails. */
  get failing(): Failing | undefined {
    let oldest: number | undefined;
    for (const seq of this.#failing.keys()) if (oldest === undefined || seq < oldest) oldest = seq;
    return oldest === undefined ? this.#first : this.#failing.get(oldest);
  }

  /** One was taken out of the line; false when it must wait, for it failed before. */
  taken(entry: Entry, now: number): boolean {
    const first = this.#first;
    this.#first = undefined;
    if (!first) return true;
    this.#failing.set(entry.change.position.seq, first);
    if (first.nextAttempt <= now) return true;
    this.wait(entry);
    return false;
  }

  begin(entry: Entry, run: () => Promise<void>): void {
    const { seq } = entry.change.position;
    this.#waiting.delete(seq);
    this.#earlier.delete(seq);
    const { promise, resolve } = Promise.withResolvers<void>();
    // Before it runs: what it does at once must find it under way.
    this.#underWay.set(seq, promise);
    void run().finally(() => {
      if (this.#underWay.get(seq) === promise) this.#underWay.delete(seq);
      resolve();
    });
  }

  wait(entry: Entry): void {
    const { seq } = entry.change.position;
    this.#underWay.delete(seq);
    this.#waiting.set(seq, entry);
  }

  /** The oldest whose time has come. */
  due(now: number): Entry | undefined {
    let found: Entry | undefined;
    for (const [seq, entry] of this.#waiting) {
      if ((this.#failing.get(seq)?.nextAttempt ?? 0) > now) continue;
      if (!found || seq < found.change.position.seq) found = entry;
    }
    return found;
  }

  /** When the next one's time will come. */
  earliest(): number | undefined {
    let earliest: number | undefined;
    for (const seq of this.#waiting.keys()) {
      const at = this.#failing.get(seq)?.nextAttempt ?? 0;
      if (earliest === undefined || at < earliest) earliest = at;
    }
    return earliest;
  }

  /** Decides what becomes of one after an attempt. */
  decide(
    entry: Entry,
    outcome: Outcome,
    at: { readonly now: number; readonly random: number; readonly expired?: string | undefined },
    policy: RetryPolicy,
  ): Next {
    const { seq } = entry.change.position;
    if (!this.#earlier.has(seq)) this.#asked = false;
    const decided = next({ failing: this.#failing.get(seq), health: this.#health }, outcome, at, policy);
    if (outcome.result === 'delivered' && this.#health.failures > 0) this.#relent(policy, at.random);
    this.#health = decided.health;
    if (decided.verdict.then === 'retry') this.#failing.set(seq, decided.verdict.failing);
    else this.#failing.delete(seq);
    return decided;
  }

  /**
   * The callback takes notifications again. Those that failed side by side have paused ever longer, as if each had been tried
   * after the other: none waits longer now than its own failures ask for.
   */
  #relent(policy: RetryPolicy, random: number): void {
    for (const [seq, failing] of this.#failing) {
      const own = failing.lastAttempt + pauseAfter(policy, failing.attempts, random, failing.retryAfter);
      if (own < failing.nextAttempt) this.#failing.set(seq, { ...failing, nextAttempt: own });
    }
  }

  attempts({ change }: Entry): number {
    return this.#failing.get(change.position.seq)?.attempts ?? 0;
  }

  /** It is done, one way or another. */
  leave({ change }: Entry): void {
    const { seq } = change.position;
    this.#failing.delete(seq);
    this.#waiting.delete(seq);
    this.#underWay.delete(seq);
  }

  /** Everything may be tried at once again; what waits keeps its place. */
  refresh(degraded: boolean): void {
    this.#failing.clear();
    this.#first = undefined;
    this.#health = { ...healthy, degraded };
  }

  /** Whether what can be kept no longer need not be tried: the callback did not take what it was offered last. */
  get hopeless(): boolean {
    return this.#health.failures > 0 && !this.#asked;
  }

  /** What waits will be found in the log again, and is tried, whatever failed before it was asked for. */
  drop(): void {
    this.#asked = true;
    this.#earlier = new Set(this.#underWay.keys());
    this.#waiting.clear();
    this.#failing.clear();
    this.#first = undefined;
  }

  settled(): Promise<unknown> {
    return Promise.allSettled(this.#underWay.values());
  }
}

/** How a callback was doing when its progress was stored; `degraded`: as its row says. */
export function healthOf({ health = healthy }: { readonly health?: Health }, degraded: boolean): Health {
  return { ...health, degraded: degraded || health.degraded };
}
