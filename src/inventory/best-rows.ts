import { compareKeys, keyOf, type Key, type Order, type Place } from './order.js';
import type { Page } from './page.js';
import type { Row } from './row.js';

interface Kept {
  readonly key: Key;
  readonly id: string;
  readonly row: Row;
}

/** One page out of rows that come in any order: the first `limit` behind `after`, and whether there is another page. */
export class BestRows {
  readonly #order: Order | undefined;
  readonly #after: { readonly key: Key; readonly id: string } | undefined;
  readonly #limit: number;
  readonly #sign: number;
  readonly #kept: Kept[] = [];

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
    const full = this.#kept.length > this.#limit;
    if (full && this.#compare(key, id, this.#kept.at(-1)!) >= 0) return;
    let low = 0;
    let high = this.#kept.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(key, id, this.#kept[middle]!) > 0) low = middle + 1;
      else high = middle;
    }
    this.#kept.splice(low, 0, { key, id, row });
    if (full) this.#kept.pop();
  }

  page(): Page {
    const shown = this.#kept.slice(0, this.#limit);
    const runs = shown.length > 0 ? [{ block: { rows: shown.map(({ row }) => row) }, from: 0, to: shown.length }] : [];
    const last = shown.at(-1);
    if (this.#kept.length <= this.#limit || !last) return { runs };
    return { runs, next: this.#order ? { key: last.key, id: last.id } : { id: last.id } };
  }

  #compare(key: Key, id: string, other: { readonly key: Key; readonly id: string }): number {
    const byKey = compareKeys(key, other.key) * this.#sign;
    if (byKey !== 0) return byKey;
    return id < other.id ? -1 : id > other.id ? 1 : 0;
  }
}
