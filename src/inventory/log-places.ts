import { formatPosition, type Position } from '#schema/position.js';
import type { LogRead, Store } from '#platform/store/store.js';

/** Asks the log for places that nobody remembers: one read for all who ask for the same at a time. */
export class LogPlaces {
  readonly #store: Pick<Store, 'read'>;
  readonly #asked = new Map<string, Promise<LogRead['outcome']>>();

  constructor(store: Pick<Store, 'read'>) {
    this.#store = store;
  }

  /** Whether it stands there, something else does, or whatever stood there was trimmed. */
  look(position: Position): Promise<LogRead['outcome']> {
    const key = formatPosition(position);
    let asked = this.#asked.get(key);
    if (!asked) {
      const read = this.#store.read(position, 1);
      asked = read.then(({ outcome }) => outcome).finally(() => this.#asked.delete(key));
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
