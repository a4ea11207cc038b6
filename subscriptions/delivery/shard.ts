import { samePosition, type Position } from '#schema/position.js';
import type { Subscriber } from './deliveries.js';
import { kinds, markOf, markValue, progressOf, progressValue, reached, type Mark, type Progress } from './documents.js';
import { Gone } from './gone.js';
import { onTrail } from './places.js';
import { lostOf } from './relocation.js';
import { Worker } from './worker.js';
import type { Held, Home, InTime, Workshop } from './workshop.js';

const atOnce = 32;
/** How often the place of a shard without subscriptions is stored, milliseconds: it only grows its trail. */
const marksOfNobody = 5000;

/** The workers of one shard, while it is held here. */
export class Shard implements Home {
  readonly number: number;
  readonly held: Held;
  readonly #shop: Workshop;
  readonly #workers = new Map<string, Worker>();
  /** Subscriptions that have no worker yet: the shard must not be marked over what they are owed. */
  readonly #without = new Set<string>();
  /** Before, nobody knows whom it is marked for. */
  opened = false;
  readonly #gone = new Gone();
  readonly #opening = new Set<string>();
  #reading: Promise<void> | undefined;
  #mark: Mark | undefined;
  #revision = 0;
  /** Whether all places of the trail are known to be of the log that is followed. */
  #oneLog = false;
  #closed = false;
  #marking = false;
  #markedAt = -Infinity;

  constructor(shop: Workshop, number: number, held: Held) {
    this.#shop = shop;
    this.number = number;
    this.held = held;
  }

  get workers(): Iterable<Worker> {
    return this.#workers.values();
  }

  passed(): readonly Position[] {
    return this.#mark?.trail.map(({ position }) => position) ?? [];
  }

  /** The log was rewritten: `at` was the end of the former one. */
  rebase(at: Position): void {
    this.#oneLog = false;
    for (const worker of this.#workers.values()) worker.rebase(at);
  }

  worker(id: string): Worker | undefined {
    const worker = this.#workers.get(id);
    if (!worker?.abandoned.aborted) return worker;
    // Fenced off, although the lease may be ours still (a failover forgets leases): it begins anew from what is stored.
    this.#workers.delete(id);
    return undefined;
  }

  /** Begins for all subscriptions of the shard; those that cannot be read are left for later. */
  async open(rows: readonly Subscriber[]): Promise<void> {
    this.opened = true;
    // Some may have begun before, at a change of their own.
    for (const { id } of rows) if (!this.#gone.has(id) && !this.worker(id)) this.#without.add(id);
    const left = rows.map(({ id }) => id);
    const some = async () => {
      for (let id = left.shift(); id !== undefined && !this.#closed; id = left.shift()) {
        // Looked up again: it may have been deleted, and that forgotten, while it waited for its turn.
        const row = this.#shop.subscribers.get(id);
        if (row) await this.begin(row);
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, left.length) }, some));
  }

  /** Begins for one subscription, unless it has begun. */
  async begin(row: Subscriber): Promise<void> {
    const { id } = row;
    if (this.#closed || this.#gone.has(id) || this.#opening.has(id) || this.worker(id)) return;
    this.#without.add(id);
    this.#opening.add(id);
    try {
      await this.#read();
      const stored = await this.#stored(row);
      if (!stored || this.#closed || this.#gone.has(id)) return;
      const worker = new Worker(this.#shop, row, stored, this);
      this.#workers.set(id, worker);
      this.#without.delete(id);
      worker.pump();
    } finally {
      this.#opening.delete(id);
    }
  }

  /** Resolves when it is known how far the shard was marked. */
  #read(): Promise<void> {
    this.#reading ??= this.#readMark().catch((error: unknown) => {
      this.#reading = undefined;
      throw error;
    });
    return this.#reading;
  }

  async #readMark(): Promise<void> {
    const stored = await this.#shop.store.get(kinds.mark, String(this.number));
    this.#mark = stored && markOf(stored.value);
    this.#revision = stored?.revision ?? 0;
  }

  async #stored(row: Subscriber): Promise<{ readonly progress: Progress; readonly revision: number } | undefined> {
    const { store } = this.#shop;
    const document = await store.get(kinds.delivery, row.id);
    if (document) {
      const progress = progressOf(document.value);
      const position = reached(progress, this.#mark?.position);
      return { progress: { ...progress, position }, revision: document.revision };
    }
    // A subscription whose document is missing was restored from elsewhere: it is owed what came after it.
    const fence = this.held();
    const progress: Progress = { position: row.position, delivered: 0, owed: {} };
    const [stands] = await store.objects([{ object: 'InventorySubscription', id: row.id }]);
    if (!fence || !stands) return undefined;
    const revision = await store.put(kinds.delivery, row.id, progressValue(progress), 0, { fence });
    return revision === undefined ? undefined : { progress, revision };
  }

  /** Of all subscriptions, also of those that have no worker yet. */
  get ids(): readonly string[] {
    return [...this.#workers.keys(), ...this.#without];
  }

  /** It is created: anew, when it was restored after a deletion. */
  created(id: string): void {
    this.#gone.delete(id);
  }

  end(id: string, at: Position): void {
    this.#gone.add(id, at);
    this.#workers.get(id)?.abandon();
    this.#workers.delete(id);
    this.#without.delete(id);
  }

  /** The view is as it stands there: nobody who was deleted before is shown any more. */
  saw(seen: Position): void {
    this.#gone.forget(seen, this.#opening);
  }

  /** Notes how far the log was followed: whoever is owed nothing needs no document of their own for it. */
  async mark(): Promise<void> {
    const { tail, clock, store } = this.#shop;
    if (this.#marking || this.#closed) return;
    this.#marking = true;
    try {
      await this.#read();
      if (samePosition(this.#mark?.position, tail.position)) return;
      if (this.#workers.size === 0 && performance.now() - this.#markedAt < marksOfNobody) return;
      const trail = await this.#trail();
      // All of what follows is of one log until the next wait.
      if (!this.#complete()) return;
      let { position } = tail;
      const owing: Promise<boolean>[] = [];
      for (const worker of this.#workers.values()) {
        const markable = worker.markable();
        if (!markable) owing.push(worker.owing());
        else if (markable.seq < position.seq) position = markable;
      }
      if ((await Promise.all(owing)).includes(false) || samePosition(this.#mark?.position, position)) return;
      const fence = this.held();
      if (!fence || this.#closed) return;
      const mark = { position, trail: onTrail(trail, position, clock.now()) };
      const how = { fence, loose: true } as const;
      const revision = await store.put(kinds.mark, String(this.number), markValue(mark), this.#revision, how);
      if (revision !== undefined) [this.#mark, this.#revision, this.#markedAt] = [mark, revision, performance.now()];
      else this.#revision = (await store.get(kinds.mark, String(this.number)))?.revision ?? 0;
    } finally {
      this.#marking = false;
    }
  }

  /** Places that were passed in the log that is followed. What has taken the number of one that was lost was not. */
  async #trail(): Promise<Mark['trail']> {
    const trail = this.#mark?.trail ?? [];
    if (this.#oneLog) return trail;
    this.#oneLog = true;
    try {
      const standing = trail.slice(await lostOf(this.#shop.store, this.passed()));
      if (this.#mark && this.#oneLog) this.#mark = { ...this.#mark, trail: standing };
      return standing;
    } catch (error) {
      this.#oneLog = false;
      throw error;
    }
  }

  #complete(): boolean {
    for (const id of this.#workers.keys()) if (!this.worker(id) && !this.#gone.has(id)) this.#without.add(id);
    for (const id of this.#without) if (this.#gone.has(id)) this.#without.delete(id);
    return this.opened && this.#without.size === 0 && [...this.workers].every(({ placed }) => placed);
  }

  /**
   * Finishes what is under way; returns how many subscriptions there was no time for: what they have under way, or have sent since
   * they were last stored, is sent again. Rejects when its place could not be stored.
   */
  async leave(inTime: InTime): Promise<number> {
    try {
      const done = await Promise.all([...this.#workers.values()].map((worker) => worker.stop(inTime)));
      await inTime(this.mark());
      return done.filter((each) => !each).length;
    } finally {
      this.abandon();
    }
  }

  abandon(): void {
    this.#closed = true;
    for (const worker of this.#workers.values()) worker.abandon();
  }
}
