import { LRUCache } from 'lru-cache';
import type { Row } from './row.js';

/** JSON of a block's rows, each followed by a comma; row i ends (before its comma) at `ends[i]`. */
export interface Joined {
  readonly bytes: Buffer;
  readonly ends: Uint32Array;
}

/** What a block remembers, by representation. */
export type JoinedTexts = Map<string, Joined>;

/**
 * Of all lists together. 100,000 resources take 32 MB in one list and one representation, and who reads every list in every
 * spelling asks for twenty of these: with 10,000 resources it was this that took a gateway from 290 to 490 MB.
 */
const mostBytes = 48 * 1024 * 1024;
/** Of the objects around the bytes. */
const perBlock = 512;

const kept = new LRUCache<Joined, { readonly texts: JoinedTexts; readonly representation: string }>({
  maxSize: mostBytes,
  sizeCalculation: (_where, { bytes, ends }) => bytes.length + ends.byteLength + perBlock,
  dispose({ texts, representation }, joined) {
    if (texts.get(representation) === joined) texts.delete(representation);
  },
});

/** The rows of a block in one representation; joined when nobody asked lately. `text` is asked once per row then. */
export function joinedIn(
  texts: JoinedTexts,
  representation: string,
  rows: readonly Row[],
  text: (row: Row) => string,
): Joined {
  const known = texts.get(representation);
  if (known) {
    kept.get(known);
    return known;
  }
  const joined = join(rows, text);
  kept.set(joined, { texts, representation });
  if (kept.has(joined)) texts.set(representation, joined);
  return joined;
}

function join(rows: readonly Row[], text: (row: Row) => string): Joined {
  const each = rows.map(text);
  const ends = new Uint32Array(rows.length);
  let end = -1;
  each.forEach((one, index) => {
    end += Buffer.byteLength(one) + 1;
    ends[index] = end;
  });
  // Not of Node's pool: a few hundred bytes that stay would keep the 8 kB beside them.
  const bytes = Buffer.allocUnsafeSlow(end + 1);
  bytes.write(`${each.join(',')},`);
  return { bytes, ends };
}
