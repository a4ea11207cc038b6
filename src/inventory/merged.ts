import type { Row } from './row.js';
import type { Run, SortedRows } from './sorted-rows.js';

/** A place in one list, and the row that stands there. */
interface Head {
  readonly list: SortedRows;
  block: number;
  at: number;
  row: Row;
}

/** Heads of the lists that hold anything after `after`. */
function headsOf(lists: readonly SortedRows[], after: string | undefined): Head[] {
  return lists.flatMap((list): Head[] => {
    const { block, row: at } = list.placeAfter(after);
    const row = list.blocks[block]?.rows[at];
    return row ? [{ list, block, at, row }] : [];
  });
}

/** Moves on to place `at` of the head's block, into the next block behind its end, or out of `heads` behind the last. */
function moveTo(heads: Head[], head: Head, at: number): void {
  const { blocks } = head.list;
  let next = blocks[head.block]!.rows[at];
  head.at = at;
  if (next === undefined) {
    head.block += 1;
    head.at = 0;
    next = blocks[head.block]?.rows[0];
  }
  if (next === undefined) heads.splice(heads.indexOf(head), 1);
  else head.row = next;
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
    for (const other of heads) if (other.row.id < first.row.id) first = other;
    let limit: string | undefined;
    for (const other of heads) {
      if (other !== first && (limit === undefined || other.row.id < limit)) limit = other.row.id;
    }
    const block = first.list.blocks[first.block]!;
    const from = first.at;
    let to = from + 1;
    while (to < block.rows.length && (limit === undefined || block.rows[to]!.id < limit)) to += 1;
    yield { block, from, to };
    const last = block.rows[to - 1]!.id;
    moveTo(heads, first, to);
    if (limit !== undefined && limit <= last) {
      for (const other of [...heads]) if (other !== first && other.row.id === last) moveTo(heads, other, other.at + 1);
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
      if (heads.length > 1) return takeFirst(heads);
      const { row } = first;
      moveTo(heads, first, first.at + 1);
      return row;
    },
  };
}

function takeFirst(heads: Head[]): Row {
  let { row } = heads[0]!;
  for (let index = 1; index < heads.length; index += 1) if (heads[index]!.row.id < row.id) ({ row } = heads[index]!);
  for (let index = heads.length - 1; index >= 0; index -= 1) {
    const head = heads[index]!;
    if (head.row.id === row.id) moveTo(heads, head, head.at + 1);
  }
  return row;
}
