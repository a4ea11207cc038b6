import type { Change } from '#schema/change.js';
import type { Position } from '#schema/position.js';
import type { ToldEvent } from './told-event.js';

/** An entry of the log as those look at it who tell of it. */
export interface Entry {
  readonly change: Change;
  /** Absent for what nobody is told. */
  readonly event?: ToldEvent | undefined;
  /** Of several that are told as one: which they are. */
  readonly folded?: string;
}

/** What is kept in memory of the end of the log. */
export interface RecentLimits {
  readonly entries: number;
  readonly bytes: number;
}

/** As `sizeOf` counts; 32 MiB are 42 MB of the heap, about 13,000 changes of servers. */
export const recentLimits: RecentLimits = { entries: 20_000, bytes: 32 * 1024 * 1024 };

/** The index of the first entry behind `seq`. */
export function indexAfter(entries: readonly Entry[], seq: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entries[middle]!.change.position.seq <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The end of the log, in memory, without gaps. */
export class Recent {
  readonly #limits: RecentLimits;
  #entries: Entry[] = [];
  #sizes: number[] = [];
  #bytes = 0;
  /** The first entry that counts; those before it are let go many at a time, an eighth of all at most. */
  #first = 0;
  #base: Position;

  constructor(base: Position, limits: RecentLimits) {
    this.#base = base;
    this.#limits = limits;
  }

  push(entry: Entry, bytes: number): void {
    this.#entries.push(entry);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    while (this.#bytes > this.#limits.bytes || this.#entries.length - this.#first > this.#limits.entries) {
      this.#base = this.#entries[this.#first]!.change.position;
      this.#bytes -= this.#sizes[this.#first]!;
      this.#first += 1;
    }
    if (this.#first > 64 && this.#first * 8 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#sizes = this.#sizes.slice(this.#first);
      this.#first = 0;
    }
  }

  /** The entry at `seq`, if it is still held. */
  at(seq: number): Entry | undefined {
    const index = indexAfter(this.#entries, seq) - 1;
    const entry = index >= this.#first ? this.#entries[index] : undefined;
    return entry?.change.position.seq === seq ? entry : undefined;
  }

  /** Up to `limit` entries behind `position`; undefined when some of them are held no longer, or it is of another log. */
  after({ seq, tag }: Position, limit: number): readonly Entry[] | undefined {
    if (seq < this.#base.seq) return undefined;
    const stands = seq === this.#base.seq ? this.#base : this.at(seq)?.change.position;
    if (stands?.tag !== tag) return undefined;
    const from = Math.max(this.#first, indexAfter(this.#entries, seq));
    return this.#entries.slice(from, from + limit);
  }

  /** Whether another entry stands at a place: one of two logs is lost. False where that is not known any more. */
  differs({ seq, tag }: Position): boolean {
    const stands = seq === this.#base.seq ? this.#base : this.at(seq)?.change.position;
    return stands !== undefined && stands.tag !== tag;
  }

  /** Places that were passed, newest first. */
  *positions(): Iterable<Position> {
    for (let index = this.#entries.length - 1; index >= this.#first; index -= 1)
      yield this.#entries[index]!.change.position;
    yield this.#base;
  }
}
