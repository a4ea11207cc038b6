import type { Cursor, NativeBatch, NativeEvent } from '#adapters/contract.js';
import { systemClock, type Clock } from '#platform/clock.js';
import type { Synced } from './feed.js';
import { Reader, type Poll, type Surroundings, type Told, type Watched } from './reader.js';

export type { Watched } from './reader.js';

export interface Watcher {
  /**
   * Feeds what a backend answered to a write through the same projections; resolves when readable. `began`: when the write was
   * sent, milliseconds since 1970. Throws UNAVAILABLE when it could not be stored, BACKEND_TIMEOUT when the signal aborts while
   * natives are missing that the projection needs.
   */
  observe(events: readonly NativeEvent[], signal?: AbortSignal, began?: number): Promise<Synced>;
  /**
   * For what was written before this watcher began: reads the backend anew and resolves when that can be read. Throws as
   * `observe` does.
   */
  catchUp(events: readonly NativeEvent[], signal: AbortSignal, began: number): Promise<Synced>;
  /** Reads everything anew: the log has lost what was written to it. */
  readAgain(): void;
  /** Resolves when the loop has ended. */
  stop(): Promise<void>;
}

const shortest = 800;
const longest = 30_000;
/** After a loss that is held back, when a list may confirm it. */
const recheckHeld = 30_500;

/** Reads one backend instance for ever: watches or polls, materialises, syncs; backs off with full jitter on every fault. */
export function watch(watched: Watched, around: Omit<Surroundings, 'clock'> & { readonly clock?: Clock }): Watcher {
  const rounds = new Rounds(watched, { ...around, clock: around.clock ?? systemClock });
  const running = rounds.run();
  return {
    async observe(events, signal, began) {
      try {
        return await rounds.reader.observe(events, signal, began);
      } finally {
        rounds.actInTime();
      }
    },
    async catchUp(events, signal, began) {
      const caughtUp = rounds.reader.caughtUp(events, signal);
      rounds.listAgain();
      const left = await caughtUp;
      return rounds.reader.observe(left, signal, began).finally(() => rounds.actInTime());
    },
    readAgain: () => rounds.reader.renew(),
    async stop() {
      rounds.stop();
      await running;
    },
  };
}

class Rounds {
  readonly reader: Reader;
  readonly #watched: Watched;
  readonly #around: Surroundings;
  readonly #stopped = new AbortController();
  /** Aborts to end a round early; the next one begins with a full list. */
  #round = new AbortController();
  /** Where the next watch goes on; undefined: with a full list, as after every start, because nothing is made then. */
  #cursor: Cursor | undefined;
  readonly #releases = this.#alarm(
    () => this.reader.nextRelease(),
    () => this.reader.release() && this.listAgain(),
  );
  // What could not be stored is read anew, and goes with that.
  readonly #ends = this.#alarm(
    () => this.reader.nextEnd(),
    () => this.reader.end().catch(() => undefined),
  );

  constructor(watched: Watched, around: Surroundings) {
    this.#watched = watched;
    this.#around = around;
    this.reader = new Reader(watched, around, () => this.listAgain());
  }

  async run(): Promise<void> {
    const backoff = { delay: shortest };
    for (let opened = false; !this.#stopped.signal.aborted;) {
      const began = this.#around.clock.now();
      this.#round = new AbortController();
      let pause: number;
      try {
        if (!opened) await this.reader.open();
        opened = true;
        this.reader.begin();
        pause = await (this.#watched.connection.watch ? this.#watch() : this.#poll());
        backoff.delay = shortest;
      } catch (error) {
        if (this.#around.clock.now() - began > longest) backoff.delay = shortest;
        pause = this.#afterFault(error, backoff);
      }
      await this.#sleep(pause);
    }
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Has what is believed released, and what lingers ended, when its time has come; a poll does so by itself. */
  actInTime(): void {
    if (!this.#watched.connection.watch) return;
    this.#releases.set();
    this.#ends.set();
  }

  listAgain(): void {
    this.#cursor = undefined;
    this.#round.abort();
  }

  #signal(): AbortSignal {
    return AbortSignal.any([this.#stopped.signal, this.#round.signal]);
  }

  async #watch(): Promise<number> {
    const { source, connection } = this.#watched;
    const { coverage, clock } = this.#around;
    const round = this.#round.signal;
    const resumed = this.#cursor !== undefined;
    let rechecking = false;
    for await (const batch of connection.watch!(this.#signal(), this.#cursor)) {
      // What an ended stream still says would be taken for part of the next list.
      if (round.aborted) return 0;
      const { held, ignored } = await this.#told(batch);
      if (round.aborted) return 0;
      this.#cursor = batch.cursor ?? this.#cursor;
      if (resumed) coverage.returned(source.instance, clock.now());
      this.actInTime();
      if (ignored > 0) this.reader.renew();
      else if (held > 0 && !rechecking) {
        rechecking = true;
        void this.#recheck(round);
      }
    }
    return round.aborted ? 0 : shortest;
  }

  async #poll(): Promise<number> {
    const { connection } = this.#watched;
    const { clock, store } = this.#around;
    this.reader.release();
    const round = this.#round.signal;
    const poll = { began: clock.now(), since: await store.head() };
    let all = { held: 0, ignored: 0 };
    for await (const batch of connection.list!(this.#signal())) {
      if (round.aborted) return 0;
      const { held, ignored } = await this.#told(batch, poll);
      all = { held: all.held + held, ignored: all.ignored + ignored };
    }
    const interval = connection.pollInterval ?? longest;
    if (all.ignored > 0) this.reader.renew();
    return all.held > 0 ? Math.min(interval, recheckHeld) : interval;
  }

  #told(batch: NativeBatch, poll?: Poll): Promise<Told> {
    return this.#written(this.reader.told(batch, poll));
  }

  /** Tells a fault of ours, after which a new list must not follow at once, from a round that was ended. */
  async #written<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw new NotWritten(error);
    }
  }

  /** Answers how long to wait. */
  #afterFault(error: unknown, backoff: { delay: number }): number {
    const ours = error instanceof NotWritten;
    if (this.#stopped.signal.aborted || (this.#round.signal.aborted && !ours)) return 0;
    // A fault of ours has ended the round, which must not end the pause too.
    this.#round = new AbortController();
    const { source, coverage, log } = { ...this.#watched, ...this.#around };
    const cause = ours ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const { delay } = backoff;
    backoff.delay = Math.min(delay * 2, longest);
    coverage.away(source.instance, reason);
    const what = ours ? 'What a backend said cannot be stored; retrying.' : 'A backend cannot be read; retrying.';
    log('warn', what, { instance: source.instance, reason, within: delay });
    return Math.random() * delay;
  }

  async #recheck(round: AbortSignal): Promise<void> {
    await this.#sleep(recheckHeld);
    if (!round.aborted) this.listAgain();
  }

  /** An alarm that rings at the times that `next` says, which come in order. */
  #alarm(next: () => number | undefined, act: () => unknown): Alarm {
    const stopped = this.#stopped.signal;
    const ring = async (): Promise<void> => {
      for (let at = next(); at !== undefined && !stopped.aborted; at = next()) {
        await this.#sleep(Math.max(1, at - this.#around.clock.now()), stopped);
        if (!stopped.aborted) await act();
      }
    };
    let isSet = false;
    return {
      set() {
        if (isSet || next() === undefined) return;
        isSet = true;
        void ring().finally(() => (isSet = false));
      },
    };
  }

  /** Resolves early, too, when the watcher stops or a full list is wanted. */
  async #sleep(milliseconds: number, signal = this.#signal()): Promise<void> {
    if (milliseconds > 0) await this.#around.clock.sleep(milliseconds, signal).catch(() => undefined);
  }
}

interface Alarm {
  /** Has it ring, unless it is set already or there is nothing to ring for. */
  set(): void;
}

class NotWritten extends Error {
  constructor(cause: unknown) {
    super('Not written.', { cause });
  }
}
