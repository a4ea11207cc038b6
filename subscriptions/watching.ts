import { randomUUID } from 'node:crypto';
import type { NativeEvent } from '#adapters/contract.js';
import type { KeptLease } from '#platform/store/kept-lease.js';
import type { Lease, Store } from '#platform/store/store.js';
import type { Coverage } from './coverage.js';
import type { Feed, Synced } from './feed.js';
import { handOver, inbox, type HandedOver, type Inbox } from './hand-over.js';
import type { Presence } from './presence.js';
import { keepWatchLease, watchLeaseTtl } from './watch-lease.js';
import type { Watcher } from './watcher.js';

/** Who watches which backend, among the gateways that share a store. */
export interface Watching {
  /**
   * Feeds what a backend answered to a write, from whichever process the write went through, and resolves when it can be read.
   * Only the process that watches the backend knows what else was told, and with which natives an object is made: so it alone
   * writes mirrored objects, under the fence of its lease, and others hand over to it and wait until their deadline.
   */
  observe(instance: string, events: readonly NativeEvent[], signal?: AbortSignal, began?: number): Promise<Synced>;
  /** Whether this process watches the instance. */
  holds(instance: string): boolean;
  leaseOf(instance: string): Lease | undefined;
  /** Renews what is held, takes what is free, gives away what others should have; about once a second. */
  tick(): Promise<void>;
  readAgain(): void;
  /** Ends all watchers and gives the leases up, so that others take over at once. */
  stop(): Promise<void>;
}

export interface WatchingParts {
  readonly store: Store;
  readonly feed: Feed;
  readonly coverage: Coverage;
  readonly presence: Presence;
  readonly holder: string;
  /** Milliseconds; 8 s unless told. */
  readonly ttl?: number;
  /** The clock that writes are timed with, milliseconds since 1970; the system's unless told. */
  now?(): number;
  /** False: takes nothing. */
  readonly watches: boolean;
  /** Instances that can be watched now. */
  instances(): readonly string[];
  begin(instance: string, fence: Lease): Watcher;
  /** For how long no gateway is known to watch it, milliseconds. */
  idle(instance: string): number;
  log(level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>): void;
}

interface Held {
  readonly kept: KeptLease;
  readonly watcher: Watcher;
  /** When it was taken, milliseconds since 1970. */
  readonly since: number;
}

/** A process that has its share takes more only when nobody else has wanted it for so long. */
const leftToOthers = 3_000;
/** How far the clocks of two hosts may differ. */
const skew = 1_000;
/** Longest that what was handed over is worked on. */
const seenTo = 60_000;

const notHeld = 'the gateway that read it has lost its lease';
const takenOver = 'being read anew, by a gateway that has taken it over';

export function watching(parts: WatchingParts): Watching {
  return new Leased(parts);
}

/** A name for this process that no other one has had. */
export function newHolder(): string {
  return randomUUID();
}

class Leased implements Watching {
  readonly #parts: WatchingParts;
  readonly #ttl: number;
  readonly #held = new Map<string, Held>();
  readonly #ending = new Map<string, Promise<void>>();
  /** Given away while so many others watched, to be fair: if it comes back, it stays. */
  readonly #offered = new Map<string, number>();
  readonly #inbox: Inbox;
  #ticking: Promise<void> | undefined;
  #renewed = -Infinity;
  #stopped = false;

  constructor(parts: WatchingParts) {
    this.#parts = parts;
    this.#ttl = parts.ttl ?? watchLeaseTtl;
    this.#inbox = inbox({
      store: parts.store,
      holds: (instance) => this.holds(instance),
      see: (given) => this.#see(given),
      failed: (error) => parts.log('warn', 'What another gateway wrote could not be seen to.', { err: error }),
    });
  }

  async observe(
    instance: string,
    events: readonly NativeEvent[],
    signal?: AbortSignal,
    began = this.#now(),
  ): Promise<Synced> {
    const held = this.#held.get(instance);
    const synced = held && (await this.#tell(held, { instance, events, began }, signal));
    if (synced) return synced;
    return handOver(this.#parts.store, { instance, events, began }, signal);
  }

  holds(instance: string): boolean {
    return this.#held.has(instance);
  }

  leaseOf(instance: string): Lease | undefined {
    return this.#held.get(instance)?.kept.lease;
  }

  tick(): Promise<void> {
    this.#ticking ??= this.#tick().finally(() => (this.#ticking = undefined));
    return this.#ticking;
  }

  readAgain(): void {
    for (const { watcher } of this.#held.values()) watcher.readAgain();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#inbox.stop();
    await this.#ticking?.catch(() => undefined);
    await Promise.all([...this.#held.keys()].map((instance) => this.#giveUp(instance)));
    await Promise.all(this.#ending.values());
  }

  async #tick(): Promise<void> {
    const { watches, instances } = this.#parts;
    if (!watches || this.#stopped) return;
    await this.#renew();
    const all = instances();
    const others = this.#parts.presence.watchers();
    const share = Math.ceil(all.length / (others + 1));
    for (const instance of shuffled(all)) {
      if (this.#stopped || this.#held.has(instance) || this.#ending.has(instance)) continue;
      if (this.#held.size < share || this.#parts.idle(instance) > leftToOthers) await this.#take(instance);
    }
    const surplus = [...this.#held.keys()].find((instance) => this.#offered.get(instance) !== others);
    if (this.#held.size <= share || surplus === undefined) return;
    this.#offered.set(surplus, others);
    await this.#giveUp(surplus);
  }

  #now(): number {
    return this.#parts.now?.() ?? Date.now();
  }

  async #renew(): Promise<void> {
    const now = performance.now();
    if (now - this.#renewed < this.#ttl / 4) return;
    this.#renewed = now;
    await Promise.all([...this.#held.values()].map(({ kept }) => kept.renew()));
  }

  async #take(instance: string): Promise<void> {
    const { store, feed, coverage, holder, begin, log } = this.#parts;
    const kept = await keepWatchLease(store, instance, holder, this.#ttl);
    if (!kept) return;
    // What is remembered of the store is from before another process wrote to it.
    feed.forget(instance);
    if (coverage.progress().some((each) => each.instance === instance && each.synced > 0))
      coverage.away(instance, takenOver);
    const since = this.#now();
    this.#held.set(instance, { kept, watcher: begin(instance, kept.lease), since });
    kept.lost.addEventListener('abort', () => this.#end(instance), { once: true });
    if (kept.lost.aborted) this.#end(instance);
    log('info', 'This gateway watches a backend.', { instance, epoch: kept.lease.epoch });
    this.#inbox.look();
  }

  async #giveUp(instance: string): Promise<void> {
    const held = this.#held.get(instance);
    if (!held) return;
    this.#end(instance);
    await this.#ending.get(instance);
    await held.kept.release().catch(() => undefined);
  }

  /** At once: nothing more is read, and what was read is not written. */
  #end(instance: string): void {
    const held = this.#held.get(instance);
    if (!held) return;
    this.#held.delete(instance);
    this.#parts.log('info', 'This gateway no longer watches a backend.', { instance });
    const ended = held.watcher.stop().finally(() => this.#ending.delete(instance));
    this.#ending.set(instance, ended);
    if (!this.#stopped) this.#parts.coverage.away(instance, notHeld);
  }

  #see({ instance, events, began }: HandedOver): Promise<Synced | undefined> {
    const held = this.#held.get(instance);
    if (!held) return Promise.resolve(undefined);
    return this.#tell(held, { instance, events, began: began - skew }, AbortSignal.timeout(seenTo));
  }

  /** Undefined when the lease was lost over it. */
  async #tell(
    { kept, since, watcher }: Held,
    { events, began }: HandedOver,
    signal: AbortSignal | undefined,
  ): Promise<Synced | undefined> {
    // What the former watcher was told after the write is not known here; a new list tells all.
    const how = began <= since ? 'catchUp' : 'observe';
    try {
      return await watcher[how](events, signal ? AbortSignal.any([signal, kept.lost]) : kept.lost, began);
    } catch (error) {
      // The store may have known before us.
      if (!kept.lost.aborted) await kept.renew();
      if (kept.lost.aborted && !signal?.aborted) return undefined;
      throw error;
    }
  }
}

function shuffled<T>(all: readonly T[]): readonly T[] {
  return all
    .map((each) => [Math.random(), each] as const)
    .sort(([a], [b]) => a - b)
    .map(([, each]) => each);
}
