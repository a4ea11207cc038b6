import type { Connection } from './connection.js';
import type { Fitness } from './fitness.js';
import { refused, unanswered } from './refusal.js';
import type { Replicas } from './replicas.js';

/** How long replicas may take, milliseconds. */
const patience = 1000;

interface Waiting {
  /** Writes; returns how to answer, and whether anything was written that must be acknowledged. */
  readonly run: () => Promise<{ readonly answer: () => void; readonly wrote: boolean }>;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes that nobody could tell us again: answered only when every connected replica has them, so that a failover keeps them.
 * WAIT speaks of what its own connection wrote and holds up all behind it, so this has a connection to itself; those that come
 * while it waits go together, with one WAIT.
 */
export class OwnedWrites {
  readonly #connection: Connection;
  readonly #replicas: Replicas;
  readonly #fitness: Fitness;
  readonly #name: string;
  #queue: Waiting[] = [];
  #working: Promise<void> | undefined;

  constructor(connection: Connection, replicas: Replicas, fitness: Fitness, name: string) {
    this.#connection = connection;
    this.#replicas = replicas;
    this.#fitness = fitness;
    this.#name = name;
  }

  write<T>(work: (connection: Connection) => Promise<T>, wrote: (result: T) => boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = async () => {
        const result = await work(this.#connection);
        return { answer: () => resolve(result), wrote: wrote(result) };
      };
      this.#queue.push({ run, reject });
      this.#working ??= this.#work();
    });
  }

  /** Resolves when all that was asked for is answered. */
  async drain(): Promise<void> {
    while (this.#working) await this.#working;
  }

  async #work(): Promise<void> {
    for (let group = this.#queue; group.length > 0; group = this.#queue) {
      this.#queue = [];
      await this.#together(group);
    }
    this.#working = undefined;
  }

  async #together(group: readonly Waiting[]): Promise<void> {
    const fit = this.#fitness.demand();
    await fit.catch(() => undefined);
    const { generation } = this.#connection;
    const ends = await Promise.allSettled(group.map(({ run }) => fit.then(run)));
    this.#giveUpBehind(ends);
    const written = ends.some((end) => end.status === 'fulfilled' && end.value.wrote);
    const fault = written ? await this.#unconfirmed(generation) : undefined;
    for (const [index, end] of ends.entries()) {
      const { reject } = group[index]!;
      if (end.status === 'rejected') reject(end.reason);
      else if (fault && end.value.wrote) reject(fault.error);
      else end.value.answer();
    }
  }

  /** Who came while a server said nothing has waited long enough: a second wait would make it twice as long. */
  #giveUpBehind(ends: readonly PromiseSettledResult<unknown>[]): void {
    const silences = ends.flatMap((end) => (end.status === 'rejected' && unanswered(end.reason) ? [end.reason] : []));
    if (silences.length < ends.length) return;
    // With what they waited behind as cause: a refusal without one would be for good.
    for (const { reject } of this.#queue.splice(0))
      reject(refused(this.#name, 'did not answer in time; nothing was asked of it. Ask again later.', silences[0]));
  }

  /** Why what was written over the connection `generation` cannot be counted on; undefined when it can. */
  async #unconfirmed(generation: number): Promise<{ readonly error: unknown } | undefined> {
    try {
      const expected = await this.#replicas.expected();
      const same = () => this.#connection.generation === generation;
      // A new connection has written nothing yet: all replicas would be said to have it.
      const have =
        expected === 0 || !same() ? 0 : await this.#connection.send((redis) => redis.wait(expected, patience));
      if (!same())
        throw refused(this.#name, 'was lost after a write; whether it was kept is not known. Ask again later.');
      if (have >= expected) return undefined;
      const why = `has a write that only ${have} of ${expected} replicas confirmed within ${patience / 1000} s`;
      throw refused(
        this.#name,
        `${why}; a failover could lose it. Look after the replicas, and repeat what was asked.`,
      );
    } catch (error) {
      return { error };
    }
  }
}
