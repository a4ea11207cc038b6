import { sees } from '#schema/scope.js';
import { mergedRows } from './merged.js';
import type { Plan } from './plan.js';
import type { Row } from './row.js';
import type { Waiter } from './scan-turns.js';

/** Rows looked at between two looks at the clock. */
const step = 64;

/**
 * Calls `visit` with the plan's rows behind `after` that pass its test, in id order, until it says false or `most` were looked
 * at. Answers the id of the last one looked at when it stopped for `most`, else undefined.
 */
export async function scanInOrder(
  { lists, test, size, turns }: Plan,
  after: string | undefined,
  visit: (row: Row) => boolean,
  { waiter, most = Infinity }: { readonly waiter: Waiter | undefined; readonly most?: number },
): Promise<string | undefined> {
  const turn = await turns.begin(Math.min(size, most), waiter);
  try {
    let last = after;
    for (let looked = 0; ; await turn.pause()) {
      const rows = mergedRows(lists(), last);
      do {
        const row = rows.next();
        if (!row || ((!test || test(row)) && !visit(row))) return undefined;
        last = row.id;
        looked += 1;
        if (looked === most) return last;
      } while (looked % step !== 0 || !turn.over());
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
  const { kind, scope, test, whole, turns } = plan;
  if (!whole) return void (await scanInOrder(plan, undefined, (row) => (visit(row), true), { waiter }));
  const rows = kind.unordered;
  const turn = await turns.begin(rows.length, waiter);
  try {
    for (let index = 0; index < rows.length; index += 1) {
      const row = rows[index];
      if (row && sees(scope, row.tenant) && (!test || test(row))) visit(row);
      if (index % step === 0 && turn.over()) await turn.pause();
    }
  } finally {
    turn.end();
  }
}
