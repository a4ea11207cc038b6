import type { Row } from './row.js';
import type { Run, SortedRows } from './sorted-rows.js';

/** A place in one list. */
interface Head {
  readonly list: SortedRows;
  block: number;
  row: number;
}

function rowAt({ list, block, row }: Head): Row {
  return list.blocks[block]!.rows[row]!;
}

/** Heads of the lists that hold anything after `after`. */
function headsOf(lists: readonly SortedRows[], after: string | undefined): Head[] {
  const heads = lists.map((list): Head => ({ list, ...list.placeAfter(after) }));
  return heads.filter(({ list, block }) => block < list.blocks.length);
}

/** Moves on to `row` of the head's block, into the next block behind its end, or out of `heads` behind the last. */
function moveTo(heads: Head[], head: Head, row: number): void {
  head.row = row;
  if (row < head.list.blocks[head.block]!.rows.length) return;
  head.block += 1;
  head.row = 0;
  if (head.block === head.list.blocks.length) heads.splice(heads.indexOf(head), 1);
}

/**
 * Runs of several lists merged in id order; an id that stands in more than one list comes once. Good for one turn: the lists
 * must not change under it.
 */
export function* mergedRuns(lists: readonly SortedRows[], after: string | undefined): Generator<Run> {
  if (lists.length === 1) return yield* lists[0]!.runs(after);
  const heads = headsOf(lists, after);
  while (heads.length > 0) {
    let first = heads[0]!;
    for (const other of heads) if (rowAt(other).id < rowAt(first).id) first = other;
    let limit: string | undefined;
    for (const other of heads) {
      if (other !== first && (limit === undefined || rowAt(other).id < limit)) limit = rowAt(other).id;
    }
    const block = first.list.blocks[first.block]!;
    const from = first.row;
    let to = from + 1;
    while (to < block.rows.length && (limit === undefined || block.rows[to]!.id < limit)) to += 1;
    yield { block, from, to };
    const last = block.rows[to - 1]!.id;
    moveTo(heads, first, to);
    if (limit !== undefined && limit <= last) {
      for (const other of [...heads])
        if (other !== first && rowAt(other).id === last) moveTo(heads, other, other.row + 1);
    }
  }
}

/** The same a row at a time, for those who look at every row: next() is undefined behind the last. */
export function mergedRows(lists: readonly SortedRows[], after: string | undefined): { next(): Row | undefined } {
  const heads = headsOf(lists, after);
  return {
    next() {
      const first = heads[0];
      if (first === undefined) return undefined;
      if (heads.length === 1) {
        const row = rowAt(first);
        moveTo(heads, first, first.row + 1);
        return row;
      }
      return takeFirst(heads);
    },
  };
}

function takeFirst(heads: Head[]): Row {
  let first = rowAt(heads[0]!);
  for (let index = 1; index < heads.length; index += 1) {
    const row = rowAt(heads[index]!);
    if (row.id < first.id) first = row;
  }
  for (let index = heads.length - 1; index >= 0; index -= 1) {
    const head = heads[index]!;
    if (rowAt(head).id === first.id) moveTo(heads, head, head.row + 1);
  }
  return first;
}
