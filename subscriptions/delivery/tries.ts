import { formatPosition } from '#schema/position.js';
import { healthy, next, type Failing, type Health, type Next, type Outcome } from './course.js';
import type { Entry } from '../log/recent.js';
import { pauseAfter, type RetryPolicy } from './policy.js';

interface Failed {
  readonly seq: number;
  readonly failing: Failing;
}

/** What it is known by: in a log that was rewritten another change has the same number. */
function keyOf({ change }: Entry): string {
  return formatPosition(change.position);
}

/** Also where the clock was set back since: what is to come was no attempt. */
function isDue({ lastAttempt, nextAttempt }: Failing, now: number): boolean {
  return nextAttempt <= now || lastAttempt > now;
}

/** The notifications of one subscription that were begun and are not done. */
export class Tries {
  /** Being posted, or about to be. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** To be tried again. */
  readonly #waiting = new Map<string, Entry>();
  readonly #failed = new Map<string, Failed>();
  /** How the oldest one failed before this process had it. */
  #first: Failing | undefined;
  #health: Health;
  /** Something was asked for again, and no attempt that began since has ended. */
  #asked = false;
  /** Under way since before that. */
  #earlier = new Set<string>();

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

  isUnderWay(entry: Entry): boolean {
    return this.#underWay.has(keyOf(entry));
  }

  isRetry(entry: Entry): boolean {
    return this.#failed.has(keyOf(entry));
  }

  /** Of the oldest one that fails. */
  get failing(): Failing | undefined {
    let oldest: Failed | undefined;
    for (const each of this.#failed.values()) if (!oldest || each.seq < oldest.seq) oldest = each;
    return oldest?.failing ?? this.#first;
  }

  /** The next one that may begin, of those that wait or out of the line; as many as `widest` hold a place side by side. */
  next(take: () => Entry | undefined, widest: number, now: number): Entry | undefined {
    // While notifications fail, one at a time finds out whether they still do.
    if (this.underWay >= (this.#health.failures === 0 ? widest : 1)) return undefined;
    const due = this.#due(now, widest > 1);
    if (due) return due;
    while (this.begun < widest) {
      const entry = take();
      if (!entry || this.#taken(entry, now)) return entry;
    }
    return undefined;
  }

  /** One was taken out of the line; false when it must wait, for it failed before. */
  #taken(entry: Entry, now: number): boolean {
    const first = this.#first;
    this.#first = undefined;
    if (!first) return true;
    this.#fail(entry, first);
    if (isDue(first, now)) return true;
    this.wait(entry);
    return false;
  }

  begin(entry: Entry, run: () => Promise<void>): void {
    const key = keyOf(entry);
    this.#waiting.delete(key);
    this.#earlier.delete(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    // Before it runs: what it does at once must find it under way.
    this.#underWay.set(key, promise);
    void run().finally(() => {
      if (this.#underWay.get(key) === promise) this.#underWay.delete(key);
      resolve();
    });
  }

  wait(entry: Entry): void {
    const key = keyOf(entry);
    this.#underWay.delete(key);
    this.#waiting.set(key, entry);
  }

  /** The oldest whose time has come; unless they go side by side, the oldest of all or none. */
  #due(now: number, apart: boolean): Entry | undefined {
    const isReady = (entry: Entry): boolean => {
      const failing = this.#failed.get(keyOf(entry))?.failing;
      return !failing || isDue(failing, now);
    };
    let found: Entry | undefined;
    for (const entry of this.#waiting.values()) {
      if (apart && !isReady(entry)) continue;
      if (!found || entry.change.position.seq < found.change.position.seq) found = entry;
    }
    return found && isReady(found) ? found : undefined;
  }

  /** When the next one's time will come. */
  earliest(): number | undefined {
    let earliest: number | undefined;
    for (const key of this.#waiting.keys()) {
      const at = this.#failed.get(key)?.failing.nextAttempt ?? 0;
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
    const key = keyOf(entry);
    if (!this.#earlier.has(key)) this.#asked = false;
    const decided = next({ failing: this.#failed.get(key)?.failing, health: this.#health }, outcome, at, policy);
    if (outcome.result === 'delivered' && this.#health.failures > 0) this.#relent(policy, at.random);
    this.#health = decided.health;
    if (decided.verdict.then === 'retry') this.#fail(entry, decided.verdict.failing);
    else this.#failed.delete(key);
    return decided;
  }

  /**
   * The callback takes notifications again. Those that failed side by side have paused ever longer, as if each had been tried
   * after the other: none waits longer now than its own failures ask for.
   */
  #relent(policy: RetryPolicy, random: number): void {
    for (const [key, { seq, failing }] of this.#failed) {
      const own = failing.lastAttempt + pauseAfter(policy, failing.attempts, random, failing.retryAfter);
      if (own < failing.nextAttempt) this.#failed.set(key, { seq, failing: { ...failing, nextAttempt: own } });
    }
  }

  #fail(entry: Entry, failing: Failing): void {
    this.#failed.set(keyOf(entry), { seq: entry.change.position.seq, failing });
  }

  attempts(entry: Entry): number {
    return this.#failed.get(keyOf(entry))?.failing.attempts ?? 0;
  }

  /** It is done, one way or another. */
  leave(entry: Entry): void {
    const key = keyOf(entry);
    this.#failed.delete(key);
    this.#waiting.delete(key);
    this.#underWay.delete(key);
  }

  /** Everything may be tried at once again; what waits keeps its place. */
  refresh(degraded: boolean): void {
    this.#failed.clear();
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
    this.#failed.clear();
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
