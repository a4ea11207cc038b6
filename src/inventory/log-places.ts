import { formatPosition, type Position } from '#schema/position.js';
import type { Store } from '#platform/store/store.js';

/** Asks the log for places that nobody remembers: one read for all who ask for the same at a time. */
export class LogPlaces {
  readonly #store: Pick<Store, 'read'>;
  readonly #asked = new Map<string, Promise<boolean>>();

  constructor(store: Pick<Store, 'read'>) {
    this.#store = store;
  }

  /** False when something else stands there. What was trimmed can no longer be told apart, and counts as held. */
  hold(position: Position): Promise<boolean> {
    const key = formatPosition(position);
    let asked = this.#asked.get(key);
    if (!asked) {
      const read = this.#store.read(position, 1);
      asked = read.then(({ outcome }) => outcome !== 'rewritten').finally(() => this.#asked.delete(key));
      this.#asked.set(key, asked);
    }
    return asked;
  }
}

/** The answer, unless the signal is first: rejects with its reason then, and nobody hears the answer. */
export function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return answer;
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason as Error);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    void answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
