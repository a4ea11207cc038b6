import type { Clock } from '#platform/clock.js';
import type { Lease, Store } from '#platform/store/store.js';
import { kinds, progressValue, type Progress } from './documents.js';

/**
 * Milliseconds between two writes of one subscription, for each that writes: what was delivered in between is sent once more
 * after a crash, and a store has better things to do than thousands of such writes a second.
 */
const share = 0.5;
const shortest = 5;
const longest = 500;
const afterFailure = 1000;
/** Counters of who owes nothing can wait: where it stands, the mark of its shard says. */
const leisure = 1000;

/** How many subscriptions of this process are being written. */
export interface Pace {
  writers: number;
}

interface Around {
  readonly store: Store;
  readonly clock: Clock;
  readonly pace: Pace;
  lease(): Lease | undefined;
  /** The document is another's now, or gone: nothing more may be done for this subscription here. */
  lost(): void;
  failed(error: unknown): void;
}

/** Keeps the document of one subscription: one write under way, the latest state wins. */
export class ProgressWriter {
  readonly #id: string;
  readonly #around: Around;
  readonly #progress: () => Progress;
  #revision: number;
  /** Whether the document says that something is owed. */
  #owing: boolean;
  #dirty = false;
  #later: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #hurried: (() => void) | undefined;
  #stopped = false;

  constructor(id: string, stored: { revision: number; owing: boolean }, progress: () => Progress, around: Around) {
    this.#id = id;
    this.#revision = stored.revision;
    this.#owing = stored.owing;
    this.#progress = progress;
    this.#around = around;
  }

  /** Whether the document says that something is owed, and no write is about to change that. */
  get saysOwing(): boolean {
    return this.#owing;
  }

  saveLater(): void {
    if (!this.#stopped && !this.#dirty) this.#later ??= setTimeout(() => this.save(), leisure).unref();
  }

  save(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#dirty = true;
    if (!this.#stopped) this.#writing ??= this.#write();
  }

  /** Resolves when the present state is stored, or can never be. */
  async flushed(): Promise<void> {
    this.#hurried?.();
    while (this.#writing && !this.#stopped) {
      await this.#writing;
      this.#hurried?.();
    }
  }

  /** Makes sure that the document says that something is owed, before its shard is marked further on. */
  async owing(): Promise<boolean> {
    if (!this.#owing || this.#writing) {
      this.save();
      await this.flushed();
    }
    return this.#owing;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#later);
    this.#hurried?.();
  }

  async #write(): Promise<void> {
    const { pace } = this.#around;
    pace.writers += 1;
    while (this.#dirty && !this.#stopped) {
      this.#dirty = false;
      const pause = await this.#once();
      if (!this.#stopped) await this.#rest(pause);
    }
    pace.writers -= 1;
    this.#writing = undefined;
  }

  async #once(): Promise<number> {
    const { store, lease, lost, failed } = this.#around;
    const fence = lease();
    if (!fence) return this.#leave(lost);
    const progress = this.#progress();
    const owing = progress.owed !== undefined;
    // The mark of the shard goes on where documents say that something is owed: one that begins to say so must outlive a
    // failover, or nobody would find what it owes. Of all others a lost one only repeats what came after it.
    const begins = owing && !this.#owing;
    // Until it is known to be written, the lesser is believed.
    this.#owing &&= owing;
    try {
      const how = { fence, ...(!begins && { loose: true as const }) };
      const revision = await store.put(kinds.delivery, this.#id, progressValue(progress), this.#revision, how);
      if (revision !== undefined) {
        this.#revision = revision;
        this.#owing = owing;
        return Math.min(longest, Math.max(shortest, share * this.#around.pace.writers));
      }
      const stored = await store.get(kinds.delivery, this.#id);
      // An answer that got lost, or an older write that a failover lost: the fence decides whose document it is.
      if (!stored || stored.revision === this.#revision) return this.#leave(lost);
      this.#revision = stored.revision;
      this.#dirty = true;
      return 0;
    } catch (error) {
      failed(error);
      this.#dirty = true;
      return afterFailure;
    }
  }

  #leave(lost: () => void): number {
    this.#stopped = true;
    lost();
    return 0;
  }

  /** Waits, unless somebody waits for the write. */
  async #rest(milliseconds: number): Promise<void> {
    if (milliseconds === 0) return;
    const hurry = new AbortController();
    this.#hurried = () => hurry.abort();
    await this.#around.clock.sleep(milliseconds, hurry.signal).catch(() => undefined);
    this.#hurried = undefined;
  }
}
