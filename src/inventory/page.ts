import type { Place } from './order.js';
import type { Row } from './row.js';
import type { Run } from './sorted-rows.js';

/** A page: runs of rows, and where the next page begins if there is one. Stable under writes: keyset, never offset. */
export interface Page {
  readonly runs: readonly Run[];
  readonly next?: Place;
}

export function* rowsOf(runs: readonly Run[]): Generator<Row> {
  for (const { block, from, to } of runs) for (let index = from; index < to; index += 1) yield block.rows[index]!;
}

/** Rows that were picked out for one page. */
export function runsOfPage(rows: Row[]): readonly Run[] {
  return rows.length > 0 ? [{ block: { rows, fleeting: true }, from: 0, to: rows.length }] : [];
}

/** The first `limit` rows, in id order, as a page of their own. */
export function pageOf(rows: readonly Row[], limit: number): Page {
  const shown = rows.slice(0, limit);
  const runs = runsOfPage(shown);
  return rows.length > limit ? { runs, next: { id: shown.at(-1)!.id } } : { runs };
}

/** The same out of runs of any length: no row is copied. */
export function pageOfRuns(runs: Iterable<Run>, limit: number): Page {
  const shown: Run[] = [];
  let left = limit;
  for (const run of runs) {
    const taken = Math.min(left, run.to - run.from);
    if (taken > 0) shown.push({ ...run, to: run.from + taken });
    left -= taken;
    if (taken === run.to - run.from) continue;
    const last = shown.at(-1)!;
    return { runs: shown, next: { id: last.block.rows[last.to - 1]!.id } };
  }
  return { runs: shown };
}
