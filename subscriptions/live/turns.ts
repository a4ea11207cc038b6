import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds that those who catch up may take of the loop at a time. */
const slice = 2;

/** Those who catch up take turns: however many they are, everybody else has the loop after each slice. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #began = 0;

  /** Does the work when it is its turn. What it answers later is not waited for: the next one has its turn meanwhile. */
  take<T>(work: () => T): Promise<Awaited<T>> {
    const turn = this.#last.then(async () => {
      if (performance.now() - this.#began <= slice) return;
      await nextTurn();
      this.#began = performance.now();
    });
    const done = turn.then(work);
    // Behind the work itself, and not behind what it promises.
    this.#last = turn.then(() => undefined);
    return done as Promise<Awaited<T>>;
  }
}
