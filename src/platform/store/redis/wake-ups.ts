import type { Connection } from './connection.js';

/** Tells of appends by any process, through a connection of its own. A wake-up may be lost, and one may come for nothing. */
export class WakeUps {
  readonly #connection: Connection;
  readonly #wakes = new Set<() => void>();

  /** What came of the last attempt to subscribe; before the first one it waits for that. */
  #listening: Promise<void>;

  constructor(connection: Connection, channel: string) {
    this.#connection = connection;
    const wakeAll = () => {
      for (const wake of this.#wakes) wake();
    };
    const subscribe = async () => {
      await connection.send((redis) => redis.subscribe(channel));
      // What was appended while there was no connection has told nobody.
      wakeAll();
    };
    const first = Promise.withResolvers<void>();
    this.#listening = first.promise;
    connection.onMessage(wakeAll);
    connection.onReady(() => {
      this.#listening = subscribe();
      first.resolve(this.#listening);
      this.#listening.catch(() => undefined);
    });
    first.promise.catch(() => undefined);
  }

  /** Resolves once appends are told of; rejects when the last attempt failed. Every connection is an attempt of its own. */
  listening(): Promise<void> {
    return this.#listening;
  }

  onAppend(wake: () => void): () => void {
    const listener = () => wake();
    this.#wakes.add(listener);
    return () => void this.#wakes.delete(listener);
  }

  close(): Promise<void> {
    this.#wakes.clear();
    return this.#connection.close();
  }
}
