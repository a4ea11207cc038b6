import type { Database } from './database.js';

/** Work that nobody waits for is put off for so many times what a commit takes, so that much of it shares one. */
const patience = 10;
const leastPutOff = 5;
const mostPutOff = 100;
/** A commit takes in no more work after this many milliseconds: the event loop belongs to others too. */
const longest = 5;

interface Waiting {
  /** Does the work inside the transaction; returns how to answer once it is durable. */
  readonly run: () => () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes that are asked for in one turn of the event loop share one transaction and one fsync. Each must check before it
 * writes: there is no rolling back of one alone, and an error of the disk fails them all.
 */
export class GroupCommit {
  readonly #database: Database;
  readonly #committed: () => void;
  #queue: Waiting[] = [];
  /** A commit will come in this turn of the event loop. */
  #soon = false;
  #later: NodeJS.Timeout | undefined;
  /** What a commit took of late, in milliseconds. */
  #took = 0;

  constructor(database: Database, committed: () => void) {
    this.#database = database;
    this.#committed = committed;
  }

  /** Resolves once what `work` wrote is on disk; `patient` work waits for other work, if not for long. */
  write<T>(work: () => T, patient = false): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = () => {
        const result = work();
        return () => resolve(result);
      };
      this.#queue.push({ run, reject });
      if (!patient) this.#schedule();
      else if (!this.#soon) this.#later ??= setTimeout(() => this.#commit(), this.#putOff());
    });
  }

  #putOff(): number {
    return Math.min(mostPutOff, Math.max(leastPutOff, patience * this.#took));
  }

  #schedule(): void {
    if (this.#soon) return;
    this.#soon = true;
    setImmediate(() => this.#commit());
  }

  /** Commits all that waits, before the file is closed. */
  flush(): void {
    while (this.#queue.length > 0) this.#commit();
  }

  #commit(): void {
    this.#soon = false;
    clearTimeout(this.#later);
    this.#later = undefined;
    const waiting = this.#queue;
    if (waiting.length === 0) return;
    const answers: (() => void)[] = [];
    let taken = 0;
    let failure: { readonly error: unknown } | undefined;
    try {
      const began = performance.now();
      const end = began + longest;
      this.#database.transaction(() => {
        do answers.push(waiting[taken++]!.run());
        while (taken < waiting.length && performance.now() < end);
      });
      this.#took = (3 * this.#took + performance.now() - began) / 4;
    } catch (error) {
      failure = { error };
      taken ||= waiting.length; // not even begun: it would fail for the others too
    }
    this.#queue = waiting.slice(taken);
    if (this.#queue.length > 0) this.#schedule();
    if (failure) for (const { reject } of waiting.slice(0, taken)) reject(failure.error);
    else {
      for (const answer of answers) answer();
      this.#committed();
    }
  }
}
