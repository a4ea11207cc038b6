import type { Fault } from '#schema/errors.js';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { unfit } from './server-check.js';

/** How often a server is looked at, milliseconds. */
const every = 2000;

/**
 * Whether state may be given to the server that a connection leads to: its settings may be changed, and a failover leads to one
 * that has others. Looked at with every new connection, before anything is written to it, and every two seconds.
 */
export class Fitness {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #name: string;
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> | undefined;
  /** The connection that was looked at. */
  #generation = -1;
  #fault: Fault | undefined;

  constructor(connection: Connection, keys: Keys, name: string) {
    this.#connection = connection;
    this.#keys = keys;
    this.#name = name;
    this.#timer = setInterval(() => void this.#look().catch(() => undefined), every);
    this.#timer.unref();
  }

  /** Why nothing may be written, as it was last seen. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Throws Fault UNAVAILABLE with what to do. What is written before the next turn goes where was looked. */
  async demand(): Promise<void> {
    while (!this.#connection.stands || this.#generation !== this.#connection.generation) await this.#look();
    if (this.#fault) throw this.#fault;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): Promise<void> {
    this.#looking ??= this.#ask().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #ask(): Promise<void> {
    const { generation, stands } = this.#connection;
    this.#fault = await unfit(this.#connection, this.#keys, this.#name);
    // Of one that did not stand yet it is not known which one answered.
    if (stands) this.#generation = generation;
  }
}
