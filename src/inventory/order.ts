import type { Row } from './row.js';

/** Sorting by one attribute; ids break ties. */
export interface Order {
  readonly path: readonly string[];
  readonly descending: boolean;
}

/** Where a page ended: the sort key (absent in id order) and the id of its last object. */
export interface Place {
  readonly id: string;
  readonly key?: Key;
}

export type Key = string | number | null;

/** Texts are ordered by so many characters, so that a paging marker stays short. */
const significant = 256;

/** What `row` is ordered by: absent, and neither text nor number, is null. */
export function keyOf(row: Row, { path }: Order): Key {
  let value: unknown = row.value;
  for (const name of path) {
    const inside = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    value = inside ? (value as Record<string, unknown>)[name] : undefined;
  }
  if (typeof value === 'string') return value.length > significant ? value.slice(0, significant) : value;
  return typeof value === 'number' ? value : null;
}

/** Numbers stand before texts, what is absent behind both. */
function rank(key: Key): number {
  return key === null ? 2 : typeof key === 'string' ? 1 : 0;
}

/** Below 0 when `a` comes first, above 0 when `b` does; 0 only for equal keys. */
export function compareKeys(a: Key, b: Key): number {
  if (a === b) return 0;
  if (a !== null && b !== null && typeof a === typeof b) return a < b ? -1 : 1;
  return rank(a) - rank(b);
}
