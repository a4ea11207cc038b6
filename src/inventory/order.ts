import type { Page } from './query.js';
import type { Row } from './row.js';

/** Sorting by one attribute; ids break ties. */
export interface Order {
  readonly path: readonly string[];
  readonly descending: boolean;
}

/** Where a page ended: the sort key (absent in id order) and the id of its last object. */
export interface Place {
  readonly id: string;
  readonly key?: string | number | null;
}

type Key = string | number | null;

/** One page in another order than id: keeps the best `limit` rows after `after` while everything is visited once. */
export async function collectOrdered(
  visitAll: (visit: (row: Row) => boolean) => Promise<void>,
  order: Order,
  after: Place | undefined,
  limit: number,
): Promise<Page> {
  const compare = comparer(order);
  const begin = after && { key: after.key ?? null, id: after.id };
  const best: { readonly key: Key; readonly id: string; readonly row: Row }[] = [];
  await visitAll((row) => {
    const entry = { key: keyOf(row, order), id: row.id, row };
    if (begin && compare(entry, begin) <= 0) return true;
    if (best.length > limit && compare(entry, best.at(-1)!) >= 0) return true;
    let low = 0;
    let high = best.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(best[middle]!, entry) < 0) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, entry);
    if (best.length > limit + 1) best.pop();
    return true;
  });
  const shown = best.slice(0, limit);
  const runs = shown.length > 0 ? [{ block: { rows: shown.map(({ row }) => row) }, from: 0, to: shown.length }] : [];
  const last = shown.at(-1);
  return best.length > limit && last ? { runs, next: { key: last.key, id: last.id } } : { runs };
}

function keyOf(row: Row, order: Order): Key {
  let value: unknown = row.value;
  for (const name of order.path)
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}

/** Absent keys come last in ascending order. */
function comparer({ descending }: Order) {
  const sign = descending ? -1 : 1;
  return (a: { readonly key: Key; readonly id: string }, b: { readonly key: Key; readonly id: string }): number => {
    if (a.key !== b.key) {
      if (a.key === null) return sign;
      if (b.key === null) return -sign;
      return a.key < b.key ? -sign : sign;
    }
    return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  };
}
