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

interface Written {
  readonly taken: readonly Waiting[];
  readonly answers: readonly (() => void)[];
  readonly failure: { readonly error: unknown } | undefined;
}

/**
 * Writes that are asked for in one turn of the event loop, or while the disk is busy with those before, share one transaction
 * and one fsync. Each must check before it writes: there is no rolling back of one alone, and an error of the disk fails
 * them all. The fsync is waited for beside the event loop: on a slow disk it takes 10 ms, which others need not wait for.
 */
export class GroupCommit {
  readonly #database: Database;
  readonly #committed: () => void;
  #queue: Waiting[] = [];
  /** A commit will come in this turn of the event loop. */
  #soon = false;
  /** Something waits that is not to be put off: it is next, once the disk is free. */
  #urgent = false;
  #later: NodeJS.Timeout | undefined;
  /** What a commit took of late, in milliseconds. */
  #took = 0;
  #syncing: Promise<void> | undefined;

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
      else if (!this.#soon) this.#later ??= setTimeout(() => this.#schedule(), this.#putOff());
    });
  }

  #putOff(): number {
    return Math.min(mostPutOff, Math.max(leastPutOff, patience * this.#took));
  }

  #schedule(): void {
    this.#urgent = true;
    if (this.#soon || this.#syncing) return;
    this.#soon = true;
    setImmediate(() => this.#commit());
  }

  /** Makes all that waits durable, before the file is closed. */
  async flush(): Promise<void> {
    for (; this.#queue.length > 0 || this.#syncing; await this.#syncing) this.#commit();
  }

  #commit(): void {
    this.#soon = false;
    clearTimeout(this.#later);
    this.#later = undefined;
    if (this.#syncing || this.#queue.length === 0) return;
    const began = performance.now();
    const { taken, answers, failure } = this.#write(began + longest);
    this.#urgent = this.#queue.length > 0;
    const rejectAll = (error: unknown) => taken.forEach(({ reject }) => reject(error));
    const answerAll = () => {
      this.#took = (3 * this.#took + performance.now() - began) / 4;
      for (const answer of answers) answer();
      this.#committed();
    };
    if (failure) rejectAll(failure.error);
    else this.#whenDurable(answerAll, rejectAll);
    if (this.#urgent) this.#schedule();
  }

  /** In one transaction, as many as there is time for. */
  #write(end: number): Written {
    const waiting = this.#queue;
    const answers: (() => void)[] = [];
    let taken = 0;
    let failure: { readonly error: unknown } | undefined;
    try {
      this.#database.transaction(() => {
        do answers.push(waiting[taken++]!.run());
        while (taken < waiting.length && performance.now() < end);
      });
    } catch (error) {
      failure = { error };
      taken ||= waiting.length; // not even begun: it would fail for the others too
    }
    this.#queue = waiting.slice(taken);
    return { taken: waiting.slice(0, taken), answers, failure };
  }

  #whenDurable(answer: () => void, reject: (error: unknown) => void): void {
    const durable = this.#database.sync();
    if (!durable) return answer();
    this.#syncing = durable.then(answer, reject).finally(() => {
      this.#syncing = undefined;
      if (this.#urgent) this.#schedule();
    });
  }
}
