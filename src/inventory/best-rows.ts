import { compareKeys, keyOf, type Key, type Order, type Place } from './order.js';
import { runsOfPage, type Page } from './page.js';
import type { Row } from './row.js';

interface Ranked {
  readonly key: Key;
  readonly id: string;
}

/** One page out of rows that come in any order: the first `limit` behind `after`, and whether there is another page. */
export class BestRows {
  readonly #order: Order | undefined;
  readonly #after: Ranked | undefined;
  readonly #limit: number;
  readonly #sign: number;
  /** Up to twice as many as are wanted: sorting them now and then costs less than keeping each one in its place. */
  #kept: (Ranked & { readonly row: Row })[] = [];
  /** Nothing behind this one is wanted. */
  #last: Ranked | undefined;

  /** Without an order they are in id order. */
  constructor(order: Order | undefined, after: Place | undefined, limit: number) {
    this.#order = order;
    this.#after = after && { key: after.key ?? null, id: after.id };
    this.#limit = limit;
    this.#sign = order?.descending ? -1 : 1;
  }

  offer(row: Row): void {
    const key = this.#order ? keyOf(row, this.#order) : null;
    const { id } = row;
    if (this.#after && this.#compare(key, id, this.#after) <= 0) return;
    if (this.#last && this.#compare(key, id, this.#last) >= 0) return;
    if (this.#kept.push({ key, id, row }) > 2 * this.#limit + 64) this.#prune();
  }

  page(): Page {
    this.#prune();
    const shown = this.#kept.slice(0, this.#limit);
    const runs = runsOfPage(shown.map(({ row }) => row));
    const last = shown.at(-1);
    if (this.#kept.length <= this.#limit || !last) return { runs };
    return { runs, next: this.#order ? { key: last.key, id: last.id } : { id: last.id } };
  }

  #prune(): void {
    this.#kept.sort((a, b) => this.#compare(a.key, a.id, b));
    if (this.#kept.length <= this.#limit) return;
    this.#kept.length = this.#limit + 1;
    this.#last = this.#kept.at(-1);
  }

  #compare(key: Key, id: string, other: Ranked): number {
    const byKey = compareKeys(key, other.key) * this.#sign;
    if (byKey !== 0) return byKey;
    return id < other.id ? -1 : id > other.id ? 1 : 0;
  }
}
