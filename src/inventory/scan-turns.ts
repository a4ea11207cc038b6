import { Fault } from '#schema/errors.js';
import { Places, sharesOf, type Holder } from '#platform/shares.js';

/** Who waits for a scan. Asked for the signal only when it has to wait: most scans end before, and need no timer. */
export interface Waiter {
  readonly signal: AbortSignal;
  /** Scans of one principal take turns among themselves. */
  readonly principal?: Holder;
}

/** A scan that may run, until it is over or ends. */
export interface ScanTurn {
  over(): boolean;
  /** Resolves when it is its turn again. Rejects with the signal's reason when nobody waits for the scan any more. */
  pause(): Promise<void>;
  end(): void;
}

export interface ScanTurns {
  /**
   * Answers a scan of so many comparisons that may begin, at once where nothing stands against it; who has begun must end. Rejects
   * with UNAVAILABLE when too many are under way already.
   */
  begin(comparisons: number, waiter?: Waiter): ScanTurn | Promise<ScanTurn>;
}

/** Most scanning in one turn of the event loop, of all scans together, milliseconds. */
const longest = 2;

/** Of these, what short scans have for certain when long ones wait too, and what one of them may take and be called short. */
const ofShort = longest / 2;

/** Comparisons that are made without a place in the queue while the turn has time left: they take as long as writing a page. */
export const few = 1000;

// Long scans that run or wait; a tenant has half of all.
const mostOfPrincipal = 64;
const mostInAll = 512;

/** For whom the gateway itself scans. */
const nobody: Holder = { name: '', scope: { tenant: undefined } };

/** Where the scans of a view wait: however many there are, others are answered after 2 ms of scanning. */
export function scanTurns(): ScanTurns {
  const turns = new Turns();
  const places = new Places({ all: mostInAll, ...sharesOf(mostInAll, mostOfPrincipal) });
  return { begin: (comparisons, waiter) => new Scan({ turns, places }, waiter, comparisons <= few).begin() };
}

interface Around {
  readonly turns: Turns;
  readonly places: Places;
}

class Scan implements ScanTurn {
  readonly #turns: Turns;
  readonly #places: Places;
  readonly #waiter: Waiter | undefined;
  /** Who has a place for it, which it keeps until it ends. */
  #holder: Holder | undefined;
  #short: boolean;
  /** Whether it is the one that the queue has let go on; short ones begin beside it. */
  #taken = false;
  /** Since when it runs, and until when it may. */
  #since: number | undefined;
  #until = 0;

  constructor({ turns, places }: Around, waiter: Waiter | undefined, short: boolean) {
    this.#turns = turns;
    this.#places = places;
    this.#waiter = waiter;
    this.#short = short;
  }

  begin(): ScanTurn | Promise<ScanTurn> {
    if (!this.#short || this.#turns.left <= 0) return this.#enter();
    this.#run();
    return this;
  }

  over(): boolean {
    return performance.now() > this.#until;
  }

  async pause(): Promise<void> {
    if (this.#stop() > ofShort) this.#short = false;
    const leaves = this.#taken;
    this.#taken = true;
    await this.#turns.wait(this.#waiter, this.#short, leaves);
    this.#run();
  }

  end(): void {
    this.#stop();
    if (this.#taken) this.#turns.release();
    this.#leave();
  }

  async #enter(): Promise<ScanTurn> {
    // Short ones are never refused.
    if (!this.#short) this.#takePlace();
    try {
      await this.#turns.enter(this.#waiter, this.#short);
    } catch (error) {
      this.#leave();
      throw error;
    }
    this.#taken = true;
    this.#run();
    return this;
  }

  #takePlace(): void {
    const holder = this.#waiter?.principal ?? nobody;
    this.#places.take(holder, tooMany);
    this.#holder = holder;
  }

  #leave(): void {
    if (this.#holder) this.#places.leave(this.#holder);
    this.#holder = undefined;
  }

  #run(): void {
    this.#since = performance.now();
    this.#until = this.#since + this.#turns.left;
  }

  /** Answers how long it ran. */
  #stop(): number {
    const ran = this.#since === undefined ? 0 : performance.now() - this.#since;
    this.#since = undefined;
    this.#turns.spend(ran);
    return ran;
  }
}

/** Who may scan: one at a time, and all together until the time of a turn of the event loop is used up. */
class Turns {
  readonly #long = new FairQueue();
  /** Their pages are full with what others look at in a few turns: who has to wait is let go on first, and never refused. */
  readonly #short = new FairQueue();
  #taken = false;
  /** Scanning in this turn of the event loop. */
  #spent = 0;

  /** What is left of the turn of the event loop, for scanning. */
  get left(): number {
    return longest - this.#spent;
  }

  spend(milliseconds: number): void {
    if (this.#spent === 0 && milliseconds > 0)
      setImmediate(() => {
        this.#spent = 0;
        this.#next();
      });
    this.#spent += milliseconds;
  }

  async enter(waiter: Waiter | undefined, short: boolean): Promise<void> {
    if (!this.#taken && this.#long.size + this.#short.size === 0 && this.left > 0) {
      this.#taken = true;
      return;
    }
    await this.wait(waiter, short, false).catch((error: unknown) => {
      this.release();
      throw error;
    });
  }

  /** Whoever `leaves` gives up the turn it has. */
  async wait(waiter: Waiter | undefined, short: boolean, leaves: boolean): Promise<void> {
    const queue = short ? this.#short : this.#long;
    const turn = new Promise<void>((resolve) => queue.add(nameOf(waiter), resolve));
    // Before it waits, so that it is heard when its client leaves.
    const signal = waiter?.signal;
    if (leaves) this.release();
    else this.#next();
    await turn;
    signal?.throwIfAborted();
  }

  release(): void {
    this.#taken = false;
    this.#next();
  }

  #next(): void {
    if (this.#taken || this.left <= 0) return;
    const shortFirst = this.#long.size === 0 || this.#spent < ofShort;
    const go = (shortFirst ? this.#short.take() : undefined) ?? this.#long.take();
    this.#taken = go !== undefined;
    go?.();
  }
}

function nameOf(waiter: Waiter | undefined): string {
  return (waiter?.principal ?? nobody).name;
}

function tooMany(): Fault {
  const message = 'Too many searches without an index are waiting; ask for indexed attributes, or again shortly.';
  return new Fault('UNAVAILABLE', message, { retryAfter: 1 });
}

/** First in, first out for each name; the names take turns. */
class FairQueue {
  readonly #byName = new Map<string, (() => void)[]>();
  size = 0;

  add(name: string, go: () => void): void {
    this.size += 1;
    const before = this.#byName.get(name);
    if (before) before.push(go);
    else this.#byName.set(name, [go]);
  }

  take(): (() => void) | undefined {
    for (const [name, waiting] of this.#byName) {
      const go = waiting.shift();
      this.#byName.delete(name);
      if (waiting.length > 0) this.#byName.set(name, waiting);
      this.size -= 1;
      return go;
    }
    return undefined;
  }
}
