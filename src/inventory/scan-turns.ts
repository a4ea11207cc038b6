import { Fault } from '#schema/errors.js';

/** Who waits for a scan. Asked for the signal only when it has to wait: most scans end before, and need no timer. */
export interface Waiter {
  readonly signal: AbortSignal;
  /** Scans of one principal take turns among themselves. */
  readonly principal?: { readonly name: string };
}

/** A scan that may run, until it is over or ends. */
export interface ScanTurn {
  over(): boolean;
  /** Resolves when it is its turn again. Rejects with the signal's reason when nobody waits for the scan any more. */
  pause(): Promise<void>;
  end(): void;
}

export interface ScanTurns {
  /** Resolves when a scan of so many rows may begin; who has begun must end. Throws UNAVAILABLE when too many wait already. */
  begin(rows: number, waiter?: Waiter): Promise<ScanTurn>;
}

/** Most scanning in one turn of the event loop, of all scans together, milliseconds. */
const longest = 2;

/** Rows that are looked at without waiting for a turn: that takes no longer than writing a page of them. */
export const few = 1000;

const mostOfOne = 64;
const mostInAll = 512;

/** The one queue in which the scans of a view wait: however many there are, others are answered after 2 ms of scanning. */
export function scanTurns(): ScanTurns {
  const turns = new Turns();
  return {
    async begin(rows, waiter) {
      /** Until when it runs outside the queue. */
      let own = rows <= few ? performance.now() + longest : undefined;
      if (own === undefined) await turns.enter(waiter);
      return {
        over: () => performance.now() > (own ?? turns.until!),
        pause() {
          const leaves = own === undefined;
          own = undefined;
          return turns.wait(waiter, leaves);
        },
        end: () => void (own === undefined && turns.release()),
      };
    },
  };
}

/** Who may scan: one at a time, and all together until the time of a turn of the event loop is used up. */
class Turns {
  readonly #queue = new FairQueue();
  #taken = false;
  /** When scanning ends in this turn of the event loop; undefined before anybody scanned in it. */
  until: number | undefined;

  async enter(waiter: Waiter | undefined): Promise<void> {
    if (!this.#taken && this.#queue.size === 0 && this.#timeLeft()) {
      this.#taken = true;
      return;
    }
    refuseMore(this.#queue, nameOf(waiter));
    await this.wait(waiter, false).catch((error: unknown) => {
      this.release();
      throw error;
    });
  }

  /** Whoever `leaves` gives up the turn it has. */
  async wait(waiter: Waiter | undefined, leaves: boolean): Promise<void> {
    const turn = new Promise<void>((resolve) => this.#queue.add(nameOf(waiter), resolve));
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
    if (this.#taken || this.#queue.size === 0 || !this.#timeLeft()) return;
    this.#taken = true;
    this.#queue.take()!();
  }

  #timeLeft(): boolean {
    const now = performance.now();
    if (this.until === undefined) {
      this.until = now + longest;
      setImmediate(() => {
        this.until = undefined;
        this.#next();
      });
    }
    return now < this.until;
  }
}

function nameOf(waiter: Waiter | undefined): string {
  return waiter?.principal?.name ?? '';
}

function refuseMore(queue: FairQueue, name: string): void {
  if (queue.of(name) < mostOfOne && queue.size < mostInAll) return;
  const message = 'Too many searches without an index are waiting; ask for indexed attributes, or again shortly.';
  throw new Fault('UNAVAILABLE', message, { retryAfter: 1 });
}

/** First in, first out for each name; the names take turns. */
class FairQueue {
  readonly #byName = new Map<string, (() => void)[]>();
  size = 0;

  of(name: string): number {
    return this.#byName.get(name)?.length ?? 0;
  }

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
