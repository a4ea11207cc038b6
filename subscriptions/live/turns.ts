import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds that those who catch up may take of the loop at a time. */
const slice = 2;

/** Those who catch up take turns: however many they are, everybody else has the loop after each slice. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #began = 0;

  /** Does the work when it is its turn. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      if (performance.now() - this.#began > slice) {
        await nextTurn();
        this.#began = performance.now();
      }
      return work();
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
