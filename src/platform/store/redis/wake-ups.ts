import type { Connection } from './connection.js';

/** Tells of appends by any process, through a connection of its own. A wake-up may be lost, and one may come for nothing. */
export class WakeUps {
  readonly #connection: Connection;
  readonly #wakes = new Set<() => void>();

  /** Resolves at the first subscription. */
  readonly #listening = Promise.withResolvers<void>();

  constructor(connection: Connection, channel: string) {
    this.#connection = connection;
    const wakeAll = () => {
      for (const wake of this.#wakes) wake();
    };
    const subscribe = async () => {
      await connection.send((redis) => redis.subscribe(channel));
      this.#listening.resolve();
      // What was appended while there was no connection has told nobody.
      wakeAll();
    };
    connection.onMessage(wakeAll);
    connection.onReady(() => void subscribe().catch((error: unknown) => this.#listening.reject(error)));
    this.#listening.promise.catch(() => undefined);
  }

  /** Resolves once appends are told of; rejects when the first attempt failed. */
  listening(): Promise<void> {
    return this.#listening.promise;
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
