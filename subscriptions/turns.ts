import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds that may be taken of one turn of the loop. */
const slice = 2;

/** Work of many takes turns: however many they are, everybody else has the loop after each slice. First come, first served. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  /** When the first of this turn of the loop began; undefined before that. */
  #began: number | undefined;

  /**
   * Does the work when it is its turn. The next one begins when what the work has `begun` has ended, so that the slice counts
   * all of it; what waits for something else than the processor keeps the others for one turn of the loop only.
   */
  take<T>(work: () => T, begun?: (done: T) => Promise<unknown>): Promise<T> {
    const done = this.#last.then(() => this.#begin()).then(work);
    const over = begun ? done.then((result) => Promise.race([begun(result), nextTurn()])) : done;
    this.#last = over.catch(() => undefined);
    return done;
  }

  /** Does the work for each of them, in as many turns as that takes. */
  async each<T>(all: Iterable<T>, work: (one: T) => void): Promise<void> {
    const rest = all[Symbol.iterator]();
    let next = rest.next();
    if (next.done) return;
    await this.until(() => {
      work(next.value as T);
      next = rest.next();
      return next.done === true;
    });
  }

  /** Does the work again until it answers that nothing is left, in as many turns as that takes. */
  async until(work: () => boolean): Promise<void> {
    const some = () => {
      let over = work();
      while (!over && !this.#usedUp()) over = work();
      return over;
    };
    while (!(await this.take(some)));
  }

  async #begin(): Promise<void> {
    if (this.#usedUp()) await nextTurn();
    if (this.#began !== undefined) return;
    this.#began = performance.now();
    setImmediate(() => (this.#began = undefined));
  }

  #usedUp(): boolean {
    return this.#began !== undefined && performance.now() - this.#began > slice;
  }
}
