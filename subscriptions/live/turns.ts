import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds that may be taken of one turn of the loop. */
const slice = 2;

/** Work of many takes turns: however many they are, everybody else has the loop after each slice. First come, first served. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  /** When the first of this turn of the loop began; undefined before that. */
  #began: number | undefined;

  /** Does the work when it is its turn. What it answers later is not waited for: the next one has its turn meanwhile. */
  take<T>(work: () => T): Promise<Awaited<T>> {
    const turn = this.#last.then(() => this.#begin());
    const done = turn.then(work);
    // Behind the work itself, and not behind what it promises.
    this.#last = turn.then(() => undefined);
    return done as Promise<Awaited<T>>;
  }

  async #begin(): Promise<void> {
    if (this.#began !== undefined && performance.now() - this.#began > slice) await nextTurn();
    if (this.#began !== undefined) return;
    this.#began = performance.now();
    setImmediate(() => (this.#began = undefined));
  }
}
