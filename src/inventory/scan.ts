import { sees } from '#schema/scope.js';
import { blockRows } from './columns.js';
import { mergedRows } from './merged.js';
import type { Plan } from './plan.js';
import type { Row } from './row.js';
import type { Waiter } from './scan-turns.js';
import { paced, type Turn } from './slices.js';

/** Comparisons between two looks at the clock, if a row has one value for each; `paced` sees to those that have more. */
const comparisons = 64;

function pacedBy({ weight }: Plan, turn: Turn) {
  return paced(turn, Math.max(1, Math.floor(comparisons / weight)));
}

/**
 * Calls `visit` with the plan's rows behind `after` that pass its test, in id order, until it says false or `most` were looked
 * at. Answers the id of the last one looked at when it stopped for `most`, else undefined.
 */
export async function scanInOrder(
  plan: Plan,
  after: string | undefined,
  visit: (row: Row) => boolean,
  { waiter, most = Infinity }: { readonly waiter: Waiter | undefined; readonly most?: number },
): Promise<string | undefined> {
  const { lists, test, size, turns, weight } = plan;
  const begun = turns.begin(Math.min(size, most) * weight, waiter);
  const turn = begun instanceof Promise ? await begun : begun;
  try {
    const pace = pacedBy(plan, turn);
    let last = after;
    for (let looked = 0; ; await pace.pause()) {
      const rows = mergedRows(lists(), last);
      for (let left = pace.stride; ; left = pace.stride) {
        for (; left > 0; left -= 1) {
          const row = rows.next();
          if (!row || ((!test || test(row)) && !visit(row))) return undefined;
          last = row.id;
          looked += 1;
          if (looked === most) return last;
        }
        if (pace.over()) break;
      }
    }
  } finally {
    turn.end();
  }
}

/**
 * Calls `visit` with all the plan's rows that pass its test, in any order. A scan of everything goes through memory as it lies
 * there, which costs a quarter of what id order does; rows that come or go during its pauses may be met or not.
 */
export async function scanAll(plan: Plan, visit: (row: Row) => void, waiter: Waiter | undefined): Promise<void> {
  const { kind, scope, whole, turns, weight } = plan;
  if (!whole) return void (await scanInOrder(plan, undefined, (row) => (visit(row), true), { waiter }));
  const { unordered: rows, columns } = kind;
  const begun = turns.begin(rows.length * weight, waiter);
  const turn = begun instanceof Promise ? await begun : begun;
  try {
    const pace = pacedBy(plan, turn);
    const { columns: tests, test } = plan.split?.() ?? { columns: [], test: plan.test };
    for (let from = 0, to; from < rows.length; from = to) {
      const first = from - (from % blockRows);
      const end = Math.min(first + blockRows, rows.length);
      if (from === first && columns.rulesOut(tests, first / blockRows)) to = end;
      else {
        to = Math.min(from + pace.stride, end);
        for (const place of columns.passing(tests, from, to)) {
          const row = rows[first + place];
          if (row && sees(scope, row.tenant) && (!test || test(row))) visit(row);
        }
      }
      if (pace.over()) await pace.pause();
    }
  } finally {
    turn.end();
  }
}
