import type { Lease, Store } from '#platform/store/store.js';
import { kinds, shardCount } from './documents.js';
import type { Held } from './workshop.js';

export interface ShardTimes {
  /** How long a lease lasts that is not renewed; it is renewed eight times as often. Milliseconds. */
  readonly ttl: number;
}

export const shardTimes: ShardTimes = { ttl: 8000 };

/** Who works on the shards that are held here. */
export interface ShardWork {
  gained(shard: number, held: Held): void;
  /** Somebody else may have it: nothing more may be done. */
  lost(shard: number): void;
  /** To be given to another: finishes what is under way. Never rejects. */
  leaving(shard: number): Promise<void>;
  /** Believed to be held again, after a while of doubt. */
  sure(shard: number): void;
  failed(error: unknown): void;
  /** A lease could not be given back: it lapses by itself. */
  kept(error: unknown): void;
}

interface Holding {
  readonly lease: Lease;
  /** Own monotonic clock: until then nobody else can have it. */
  until: number;
  leaving: boolean;
}

/** Shares the shards out among all processes that deliver. */
export class Shards {
  readonly #store: Store;
  readonly #name: string;
  readonly #ttl: number;
  readonly #work: ShardWork;
  readonly #holdings = new Map<number, Holding>();
  /** Other members: what their document said, when it last changed here, and whether it has been seen to change. */
  readonly #members = new Map<string, { revision: number; at: number; alive: boolean }>();
  #revision = 0;
  #ticking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(store: Store, name: string, { ttl }: ShardTimes, work: ShardWork) {
    this.#store = store;
    this.#name = name;
    this.#ttl = ttl;
    this.#work = work;
  }

  get held(): readonly number[] {
    return [...this.#holdings.keys()];
  }

  async start(): Promise<void> {
    await this.#tick();
    this.#timer = setInterval(() => void this.#tick(), this.#ttl / 8);
    this.#timer.unref();
  }

  /** Takes nothing more, and gives everything back. What is under way may outlast a lease: until then it is renewed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#ticking;
    await Promise.all([...this.#holdings].map(([shard, holding]) => this.#give(shard, holding)));
    clearInterval(this.#timer);
    await this.#ticking;
    await this.#store.remove(kinds.member, this.#name, this.#revision).catch(() => false);
  }

  /** As if the process had ended at once. */
  abandon(): void {
    clearInterval(this.#timer);
    this.#holdings.clear();
  }

  #tick(): Promise<void> {
    this.#ticking ??= this.#share()
      .catch((error: unknown) => this.#work.failed(error))
      .finally(() => (this.#ticking = undefined));
    return this.#ticking;
  }

  async #share(): Promise<void> {
    // What is held comes first: everything else can wait longer than a lease.
    await Promise.all([...this.#holdings].map(([shard, holding]) => this.#renew(shard, holding)));
    if (this.#stopping) return;
    const members = await this.#meet();
    const aim = Math.ceil(shardCount / members.length);
    const surplus = [...this.#holdings].filter(([, { leaving }]) => !leaving).slice(aim);
    for (const [shard, holding] of surplus) void this.#give(shard, holding);
    const first = members.indexOf(this.#name) * aim;
    for (let next = 0; next < shardCount && this.#holdings.size < aim && !this.#stopping; next += 1) {
      const shard = (first + next) % shardCount;
      if (!this.#holdings.has(shard)) await this.#take(shard);
    }
  }

  async #renew(shard: number, holding: Holding): Promise<void> {
    const asked = performance.now();
    const lease = await this.#store.lease(leaseName(shard), this.#name, this.#ttl);
    if (this.#holdings.get(shard) !== holding) return;
    if (lease?.epoch === holding.lease.epoch) {
      const doubted = holding.until <= performance.now();
      holding.until = asked + this.#believed;
      if (doubted) this.#work.sure(shard);
      return;
    }
    this.#holdings.delete(shard);
    this.#work.lost(shard);
    if (!lease) return;
    if (this.#stopping) await this.#store.release(lease);
    else this.#begin(shard, lease, asked);
  }

  async #take(shard: number): Promise<void> {
    const asked = performance.now();
    const lease = await this.#store.lease(leaseName(shard), this.#name, this.#ttl);
    if (lease) this.#begin(shard, lease, asked);
  }

  #begin(shard: number, lease: Lease, asked: number): void {
    const holding: Holding = { lease, until: asked + this.#believed, leaving: false };
    this.#holdings.set(shard, holding);
    this.#work.gained(shard, () =>
      this.#holdings.get(shard) === holding && performance.now() < holding.until ? lease : undefined,
    );
  }

  /** It is believed for less long than it lasts: clocks of two machines do not run alike. */
  get #believed(): number {
    return this.#ttl * 0.9;
  }

  async #give(shard: number, holding: Holding): Promise<void> {
    holding.leaving = true;
    await this.#work.leaving(shard);
    if (this.#holdings.get(shard) === holding) this.#holdings.delete(shard);
    await this.#store.release(holding.lease).catch((error: unknown) => this.#work.kept(error));
  }

  /** Says that this process is there, and finds out who else is. No two clocks are compared: a document must change. */
  async #meet(): Promise<readonly string[]> {
    const beat = { holds: this.#holdings.size };
    const written = await this.#store.put(kinds.member, this.#name, beat, this.#revision, { loose: true });
    if (written === undefined) this.#revision = (await this.#store.get(kinds.member, this.#name))?.revision ?? 0;
    else this.#revision = written;
    const now = performance.now();
    for (const { id, revision } of await this.#store.list(kinds.member)) {
      const known = this.#members.get(id);
      if (!known) this.#members.set(id, { revision, at: now, alive: false });
      else if (known.revision !== revision) this.#members.set(id, { revision, at: now, alive: true });
      else if (now - known.at > 10 * this.#ttl) await this.#store.remove(kinds.member, id, revision);
    }
    this.#members.delete(this.#name);
    for (const [id, { at }] of this.#members) if (now - at > 11 * this.#ttl) this.#members.delete(id);
    const others = [...this.#members].filter(([, { alive, at }]) => alive && now - at <= 0.75 * this.#ttl);
    return [this.#name, ...others.map(([id]) => id)].sort();
  }
}

function leaseName(shard: number): string {
  return `deliver/${shard}`;
}
