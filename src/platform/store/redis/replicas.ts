import type { Connection } from './connection.js';

/** How often the server is asked. */
const every = 2000;
/** A replica that left counts for so long: a primary that was deposed loses its replicas first, and learns of it last. */
const grace = 30_000;

/** How many replicas must have an owned write before it is answered. */
export class Replicas {
  readonly #connection: Connection;
  readonly #least: number;
  readonly #timer: NodeJS.Timeout;
  #expected = 0;
  /** When so many were last connected; monotonic clock, milliseconds. */
  #seen = 0;
  #servers: readonly { readonly host: string; readonly port: number }[] = [];
  #history: string | undefined;
  #generation = -1;

  constructor(connection: Connection, least: number) {
    this.#connection = connection;
    this.#least = least;
    this.#timer = setInterval(() => void this.#ask().catch(() => undefined), every);
    this.#timer.unref();
  }

  /** As many as are connected, and those that were until a moment ago. */
  async expected(): Promise<number> {
    if (this.#generation !== this.#connection.generation) await this.#ask();
    return Math.max(this.#expected, this.#least);
  }

  /** Replicas of the primary, as it was last asked. */
  get servers(): readonly { readonly host: string; readonly port: number }[] {
    return this.#servers;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #ask(): Promise<void> {
    const { generation } = this.#connection;
    const info = await this.#connection.send((redis) => redis.info('replication'));
    const online = info.match(/^slave\d+:.*\bstate=online\b/gm)?.length ?? 0;
    const replicas = info.matchAll(/^slave\d+:ip=([^,]+),port=(\d+)/gm);
    this.#servers = [...replicas].map(([, host, port]) => ({ host: host!, port: Number(port) }));
    // Renewed at every promotion: what another primary had says nothing of this one.
    const history = /^master_replid:(\w+)/m.exec(info)?.[1];
    const now = performance.now();
    if (history !== this.#history || online >= this.#expected || now - this.#seen > grace) {
      this.#expected = online;
      this.#seen = now;
    }
    this.#history = history;
    this.#generation = generation;
  }
}
