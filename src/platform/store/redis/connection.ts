import { once } from 'node:events';
import { Redis, type RedisOptions } from 'ioredis';
import { closed, explain, isHopeless, refused, unreachable } from './refusal.js';
import type { Script } from './script.js';

/** How long a request waits for a connection that is being made anew: a short restart is not even noticed. */
const patience = 500;

/** Before a connection that ioredis gave up is dialled again, milliseconds. */
const longestRest = 200;

const mostServers = 16;

type NetStream = Redis['stream'];

interface Server {
  readonly host: string;
  readonly port: number;
}

/** One connection, made anew by itself whenever it is lost. Whatever fails leaves it as a Fault that names the fix. */
export class Connection {
  readonly #name: string;
  readonly #redis: Redis;
  readonly #pending = new Set<Promise<unknown>>();
  #failure: unknown;
  #closed = false;
  #generation = 0;
  /** Where it led, the last ones: a primary that was deposed is a replica now. */
  #servers: readonly Server[] = [];

  constructor(name: string, options: RedisOptions) {
    this.#name = name;
    this.#redis = new Redis(options);
    this.#redis.on('error', (error) => (this.#failure = error));
    this.#redis.on('ready', () => {
      this.#generation += 1;
      this.#failure = undefined;
    });
    this.#redis.on('connect', () => this.#note(this.#redis.stream));
    this.#redis.on('end', () => this.#dialAnew());
    // Every request that waits for a connection listens.
    this.#redis.setMaxListeners(0);
  }

  /** Servers it was connected to, by address: behind Sentinels nothing else tells which they are. */
  get servers(): readonly Server[] {
    return this.#servers;
  }

  /**
   * ioredis gives up for good when it hears of a failover while it asks a Sentinel for the primary (6.0.0: FailoverDetector
   * calls `disconnect`, and SentinelConnector.connect rejects), which happens when the primary dies.
   */
  #dialAnew(): void {
    if (this.#closed) return;
    const dial = () => void (this.#closed || this.#redis.connect().catch(() => undefined));
    setTimeout(dial, Math.random() * longestRest);
  }

  #note({ remoteAddress: host, remotePort: port }: NetStream): void {
    if (host === undefined || port === undefined) return;
    const others = this.#servers.filter((each) => each.host !== host || each.port !== port);
    this.#servers = [...others, { host, port }].slice(-mostServers);
  }

  /** Raised with every new connection: what holds of one says nothing of the next, which may lead to another server. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether something can be sent at once. */
  get stands(): boolean {
    return this.#redis.status === 'ready';
  }

  /** Throws Fault UNAVAILABLE when a later connection stands than this one. */
  demand(generation: number): void {
    if (generation !== this.#generation)
      throw refused(this.#name, 'was connected anew while it was read. Read it again.');
  }

  /** Never sent twice: what was on its way when the connection broke may have been done. */
  send<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    const sent = this.#send(work);
    this.#pending.add(sent);
    const settled = () => void this.#pending.delete(sent);
    sent.then(settled, settled);
    return sent;
  }

  /** Runs a script by its hash; Redis that does not know it (restarted, failed over) has not run it and gets its text. */
  run<T>(script: Script, keys: readonly string[], args: readonly (string | number | Buffer)[]): Promise<T> {
    return this.send(async (redis) => {
      const rest = [...keys, ...args];
      try {
        return (await redis.evalsha(script.sha1, keys.length, ...rest)) as T;
      } catch (error) {
        if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
        return (await redis.eval(script.text, keys.length, ...rest)) as T;
      }
    });
  }

  /** Calls back when a connection stands, now and after every loss. */
  onReady(ready: () => void): void {
    this.#redis.on('ready', ready);
  }

  onMessage(listener: () => void): void {
    this.#redis.on('message', listener);
  }

  /** Resolves when a connection stands; rejects after so many milliseconds, or when trying again is of no use. */
  async ready(within: number): Promise<void> {
    const giveUp = AbortSignal.timeout(within);
    while (!this.stands) {
      const ended = new AbortController();
      const signal = AbortSignal.any([giveUp, ended.signal]);
      const changes = ['ready', 'error', 'end'].map((event) => once(this.#redis, event, { signal }));
      await Promise.race(changes.map((change) => change.catch(() => undefined)));
      ended.abort();
      if (this.#closed) throw closed(this.#name);
      if (this.stands) return;
      if (giveUp.aborted || isHopeless(this.#failure)) throw unreachable(this.#name, this.#failure);
    }
  }

  /** Finishes what was asked for. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#pending);
    this.#redis.disconnect();
  }

  async #send<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    if (this.#closed) throw closed(this.#name);
    if (!this.stands) await this.ready(patience);
    try {
      return await work(this.#redis);
    } catch (error) {
      throw explain(this.#name, error);
    }
  }
}
