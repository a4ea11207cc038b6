import type { Scope } from '#schema/scope.js';
import { BestRows } from './best-rows.js';
import { mergedRuns } from './merged.js';
import type { Order, Place } from './order.js';
import { pageOf, pageOfRuns, type Page } from './page.js';
import { planOf, type Plan, type Selection } from './plan.js';
import type { Row } from './row.js';
import { runsUnder } from './runs-under.js';
import { scanAll, scanInOrder } from './scan.js';
import { few, type Waiter } from './scan-turns.js';
import type { View } from './view.js';

export { rowsOf } from './page.js';

/** Which rows of one object, in which order, from where on. */
export interface ListQuery extends Selection {
  /** Id order when absent. */
  readonly order?: Order;
  readonly after?: Place;
  readonly limit: number;
}

/** Rows after which a search that has not filled its page is better off going through everything, if its page is short. */
const patience = 2000;

/** Rows of an index that are asked for their parent in one turn. */
const mostUnder = 10_000;

/** One page of a list. Scans take turns with all others; they reject with the reason of the waiter's signal. */
export async function page(view: View, scope: Scope, query: ListQuery, waiter?: Waiter): Promise<Page> {
  const plan = planOf(view, scope, query);
  if (query.order) return bestPage(plan, query, waiter);
  if (!plan.test) return pageOfRuns(mergedRuns(plan.lists(), query.after?.id), query.limit);
  if (plan.under !== undefined && plan.size <= mostUnder) return pageUnder(plan, plan.under, query);
  const found: Row[] = [];
  const visit = (row: Row) => found.push(row) <= query.limit;
  const most = plan.whole && query.limit < patience ? patience : Infinity;
  // The first rows need no place in the queue, and most pages are full with them.
  const first = Math.max(1, Math.floor(few / plan.weight));
  let left = await scanInOrder(plan, query.after?.id, visit, { waiter, most: first });
  if (left !== undefined) left = await scanInOrder(plan, left, visit, { waiter, most: most - first });
  return left === undefined ? pageOf(found, query.limit) : bestPage(plan, query, waiter);
}

/** Of what an index found, what stands under the parent. */
function pageUnder({ kind, lists }: Plan, parent: string, { after, limit }: ListQuery): Page {
  return pageOfRuns(runsUnder(mergedRuns(lists(), after?.id), kind.definition.parent!, parent), limit);
}

async function bestPage(plan: Plan, query: ListQuery, waiter: Waiter | undefined): Promise<Page> {
  const best = new BestRows(query.order, query.after, query.limit);
  await scanAll(plan, (row) => best.offer(row), waiter);
  return best.page();
}

/** How many objects the query finds in the scope; counted by index where the filter allows it. */
export async function count(view: View, scope: Scope, selection: Selection, waiter?: Waiter): Promise<number> {
  const plan = planOf(view, scope, selection);
  if (!plan.test && !plan.overlapping) return plan.lists().reduce((sum, { size }) => sum + size, 0);
  let found = 0;
  await scanAll(plan, () => void (found += 1), waiter);
  return found;
}
