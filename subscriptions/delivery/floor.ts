import { setTimeout as timeout } from 'node:timers/promises';
import type { Change } from '#schema/change.js';
import type { Position } from '#schema/position.js';
import type { DelivererState } from './deliverer.js';
import type { Subscriber } from './deliveries.js';
import { kinds, shardOf } from './documents.js';
import { faultLog, type Warn } from './fault-log.js';
import { Limits, type ParallelLimits } from './limits.js';
import { logReader } from '../log/reader.js';
import { Relocation } from './relocation.js';
import { retryPolicy, type RetryPolicy } from './policy.js';
import { recentLimits, type Entry, type RecentLimits } from '../log/recent.js';
import { carryOut } from './replays.js';
import { Shard } from './shard.js';
import { Shards, shardTimes, type ShardTimes } from './shards.js';
import { sweeper } from './sweeping.js';
import type { DeliveryMetrics, Surroundings } from './surroundings.js';
import type { Unasked } from '../matcher/subscription-index.js';
import { openTail, type Tail } from '../log/tail.js';
import { Turns } from '#platform/turns.js';
import type { Held, InTime, Offered, Workshop } from './workshop.js';

export interface FloorOptions extends Surroundings {
  /** Unique among all processes of the store, and new at every start. */
  readonly name: string;
  readonly metrics: DeliveryMetrics;
  /** For how long the log is kept, in milliseconds. */
  readonly logKeeps: number;
  readonly policy?: Partial<RetryPolicy>;
  readonly parallel?: ParallelLimits;
  /** Dead letters that are kept of one subscription; the oldest go first. */
  readonly deadLetters?: number;
  /** Longest that a subscription takes to be made, in milliseconds: what is kept of none for longer is swept away. */
  readonly grace?: number;
  /** Longest that is waited for what is under way before a shard is given back, in milliseconds: meanwhile nothing of it begins. */
  readonly drain?: number;
  readonly recent?: RecentLimits;
  readonly shards?: ShardTimes;
  readonly random?: () => number;
}

const mostDeadLetters = 1000;
const longestMaking = 60_000;
const longestDrain = 10_000;
const subscription = 'InventorySubscription';
const givenUnfinished =
  'A shard was given back with notifications unfinished: who has it next sends them, those under way once more.';
/** After which a shard that could not be read is read again, and one that could not be marked is marked, milliseconds. */
const again = 1000;
/** Part of the time that the log keeps a change, after which it is given up while it still can be told. */
const patience = 0.9;

/** Everything that delivers in this process: the one who follows the log, and the shards that are held. */
export class Floor {
  readonly #options: FloorOptions;
  readonly #shards = new Map<number, Shard>();
  readonly #roster = new Map<string, Offered>();
  readonly #stopping = new AbortController();
  readonly #warn: Warn;
  /** Before, no place is stored: the last could not be. */
  #marksAgain = -Infinity;
  /** Orders to send again that are being carried out. */
  readonly #replaying = new Set<string>();
  #tail!: Tail;
  #shop!: Workshop;
  #leases!: Shards;
  readonly #sweep: (shard: number) => void;
  /** Nothing is held any more: what is still being asked of the store may fail. */
  #ended = false;

  static async open(options: FloorOptions): Promise<Floor> {
    const floor = new Floor(options);
    await floor.#open();
    return floor;
  }

  private constructor(options: FloorOptions) {
    this.#options = options;
    this.#warn = faultLog(options.log);
    this.#sweep = sweeper({
      ...options,
      signal: this.#stopping.signal,
      grace: options.grace ?? longestMaking,
      mine: (shard) => this.#shards.get(shard)?.held() !== undefined,
      failed: (error) => this.#report('What is left of subscriptions could not be swept away', error),
    });
  }

  async #open(): Promise<void> {
    const { store, name, policy, parallel, recent = recentLimits, shards = shardTimes, logKeeps } = this.#options;
    const entryOf = (change: Change): Entry => ({ change, event: this.#options.matching.event(change) });
    const reader = logReader(store, { tail: () => this.#tail, entryOf });
    const relocation = new Relocation(store, () => this.#tail);
    this.#tail = await openTail(store, recent, {
      entryOf,
      entry: (entry, before) => this.#arrived(entry, before),
      rewritten: (former, at) => {
        relocation.rewritten(former);
        reader.forget();
        for (const shard of this.#shards.values()) shard.rebase(at);
        void this.#endLost();
      },
      failed: (error) => this.#report('The log could not be read', error, 'deliveries wait'),
    });
    this.#shop = {
      ...this.#options,
      policy: { ...retryPolicy, ...policy },
      limits: new Limits(parallel),
      reader,
      tail: this.#tail,
      pace: { writers: 0 },
      turns: new Turns(),
      index: this.#options.matching.index(),
      roster: this.#roster,
      horizon: logKeeps * patience,
      mostDeadLetters: this.#options.deadLetters ?? mostDeadLetters,
      random: this.#options.random ?? Math.random,
      relocation,
      warn: this.#warn,
    };
    this.#leases = new Shards(store, name, shards, {
      gained: (shard, held) => void this.#gained(shard, held),
      lost: (shard) => this.#lost(shard),
      leaving: (shard) => this.#leave(shard),
      sure: (shard) => this.#pump(shard),
      failed: (error) => this.#report('Shards could not be shared out', error),
      kept: (error) => this.#report('A shard could not be given back: it is free when its lease lapses', error),
    });
    await this.#leases.start();
  }

  #arrived(entry: Entry, before: Position): void {
    const { change, event } = entry;
    const unasked = new Map<string, Parameters<Unasked>[1]>();
    const note: Unasked = (id, failure) => unasked.set(id, failure);
    if (event) for (const id of this.#shop.index.match(event, note)) this.#roster.get(id)?.offer(entry, before);
    for (const [id, failure] of unasked) this.#roster.get(id)?.unasked(before, failure);
    if (change.object !== subscription) return;
    const shard = this.#shards.get(shardOf(change.id));
    if (!shard) return;
    if (change.change === 'created') shard.created(change.id);
    if (!change.after) shard.end(change.id, change.position);
    else this.#stands(shard, change.after);
  }

  #stands(shard: Shard, row: Subscriber): void {
    const worker = shard.worker(row.id);
    if (worker) worker.update(row);
    else shard.begin(row).catch((error: unknown) => this.#report('A subscription could not be taken up', error));
  }

  async #gained(number: number, held: Held): Promise<void> {
    const shard = new Shard(this.#shop, number, held);
    this.#shards.set(number, shard);
    try {
      // What stood before is read from the view, which may be behind; what comes from now on passes by us.
      await this.#options.subscribers.reached(this.#tail.position);
      await shard.open(this.#rows(number));
      this.#sweep(number);
    } catch (error) {
      this.#report('The subscriptions of a shard could not be read', error, 'they are looked for again');
      await this.#options.clock.sleep(again, this.#stopping.signal).catch(() => undefined);
      // A lease in doubt may be sure again. Once a shard is open, `tidy` begins what could not be.
      if (shard.opened || this.#shards.get(number) !== shard || this.#stopping.signal.aborted) return;
      shard.abandon();
      void this.#gained(number, held);
    }
  }

  /** Ends what was made in the part of the log that is lost: nobody will say that it was deleted. */
  async #endLost(): Promise<void> {
    const { subscribers } = this.#options;
    const { position } = this.#tail;
    const stood = [...this.#shards.values()].map((shard) => [shard, shard.ids] as const);
    for (let reached = false; !reached;) {
      reached = await subscribers.reached(position).then(
        () => true,
        () => false,
      );
      // Whoever has rewritten it again has begun anew.
      if (this.#ended || this.#tail.recent.differs(position)) return;
      if (!reached) await timeout(again, undefined, { ref: false });
    }
    for (const [shard, ids] of stood) for (const id of ids) if (!subscribers.get(id)) shard.end(id, position);
  }

  #lost(number: number): void {
    this.#shards.get(number)?.abandon();
    this.#shards.delete(number);
  }

  async #leave(number: number): Promise<void> {
    const shard = this.#shards.get(number);
    const deadline = timeout(this.#options.drain ?? longestDrain, undefined, { ref: false });
    const inTime: InTime = (work) => Promise.race([work.then(() => true), deadline.then(() => false)]);
    const unfinished = await shard?.leave(inTime).catch((error: unknown) => {
      this.#report('The place of a shard could not be stored', error);
      return 0;
    });
    if (unfinished && !this.#ended) this.#options.log('warn', givenUnfinished, { subscriptions: unfinished });
    // It may have been opened anew meanwhile; held by another lease it is to stay.
    if (this.#shards.get(number)?.held === shard?.held) this.#lost(number);
  }

  #pump(number: number): void {
    for (const worker of this.#shards.get(number)?.workers ?? []) worker.pump();
  }

  #rows(number: number): readonly Subscriber[] {
    return [...this.#options.subscribers.all()].filter(({ id }) => shardOf(id) === number);
  }

  /** Notes how far the log was followed. */
  mark(): void {
    if (performance.now() < this.#marksAgain) return;
    for (const shard of this.#shards.values())
      shard.mark().catch((error: unknown) => {
        this.#marksAgain = performance.now() + again;
        this.#report('The place of a shard could not be stored', error);
      });
  }

  /** Makes up for what a lost wake-up or a late view left out. */
  tidy(): void {
    const seen = this.#options.subscribers.position();
    for (const shard of this.#shards.values()) shard.saw(seen);
    for (const row of this.#options.subscribers.all()) {
      const shard = this.#shards.get(shardOf(row.id));
      if (shard) this.#stands(shard, row);
    }
  }

  /** Looks for what other processes want to be sent again. */
  lookForReplays(): void {
    this.#lookForReplays().catch((error: unknown) => this.#report('Orders to send again could not be read', error));
  }

  async #lookForReplays(): Promise<void> {
    // Most wait for somebody who is paused, and may name a thousand letters each: only what is begun is read.
    for (const order of await this.#options.store.ids(kinds.replay)) {
      const id = order.slice(0, order.lastIndexOf('/'));
      const worker = this.#shards.get(shardOf(id))?.worker(id);
      if (!worker || this.#replaying.has(id)) continue;
      this.#replaying.add(id);
      carryOut(this.#shop, worker, order, AbortSignal.any([this.#stopping.signal, worker.abandoned]))
        .catch((error: unknown) => this.#report('Notifications could not be sent again', error))
        .finally(() => this.#replaying.delete(id));
    }
  }

  state(): DelivererState {
    let [subscriptions, behind, oldest] = [0, 0, Infinity];
    for (const shard of this.#shards.values())
      for (const { backlog } of shard.workers) {
        subscriptions += 1;
        if (!backlog.live) behind += 1;
        const at = backlog.oldest()?.change.at;
        if (at !== undefined) oldest = Math.min(oldest, Date.parse(at));
      }
    const lag = oldest === Infinity ? 0 : Math.max(0, this.#options.clock.now() - oldest) / 1000;
    const { active } = this.#shop.limits;
    return { shards: this.#shards.size, subscriptions, behind, underWay: active, lagSeconds: lag };
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#leases.stop();
    this.#tail.stop();
    this.#ended = true;
  }

  abandon(): void {
    this.#ended = true;
    this.#stopping.abort();
    this.#leases.abandon();
    this.#tail.stop();
    for (const shard of this.#shards.values()) shard.abandon();
  }

  /** `meanwhile`: what comes of it, unless this process stops. What was given up because it does is no fault. */
  #report(fault: string, error: unknown, meanwhile?: string): void {
    if (this.#ended || (error as { readonly name?: unknown } | undefined)?.name === 'AbortError') return;
    const goesOn = meanwhile !== undefined && !this.#stopping.signal.aborted;
    this.#warn(`${fault}${goesOn ? `; ${meanwhile}` : ''}.`, { err: error });
  }
}
