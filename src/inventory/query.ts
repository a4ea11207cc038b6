import type { ObjectDefinition } from '#schema/object.js';
import type { Filter } from '#schema/filter/ast.js';
import { compileFilter, type Predicate } from '#schema/filter/compile.js';
import { indexable } from '#schema/filter/plan.js';
import type { Scope } from '#schema/scope.js';
import { derivedAttributes, withDerived } from './derived.js';
import { mergedRows, mergedRuns } from './merged.js';
import { collectOrdered, type Order, type Place } from './order.js';
import type { Row } from './row.js';
import type { Run, SortedRows } from './sorted-rows.js';
import { slices } from './slices.js';
import type { TenantLists } from './tenant-lists.js';
import type { View } from './view.js';

/** Which rows of one object, in which order, from where on. */
export interface ListQuery {
  readonly object: string;
  /** Only what is listed under this object (the definition's `parent`). */
  readonly parent?: string;
  readonly filter?: Filter;
  /** Id order when absent. */
  readonly order?: Order;
  readonly after?: Place;
  readonly limit: number;
}

/** What a query selects, whichever page of it. */
export type Selection = Pick<ListQuery, 'object' | 'parent' | 'filter'>;

/** A page: runs of rows, and where the next page begins if there is one. Stable under writes: keyset, never offset. */
export interface Page {
  readonly runs: readonly Run[];
  readonly next?: Place;
}

/** The rows to look at, and what each of them must still satisfy. */
interface Plan {
  /** Evaluated anew after every pause: the lists may have changed meanwhile. */
  lists(): readonly SortedRows[];
  /** An object may stand in several of the lists. */
  readonly overlapping: boolean;
  readonly test?: (row: Row) => boolean;
}

export function* rowsOf(runs: readonly Run[]): Generator<Row> {
  for (const { block, from, to } of runs) for (let index = from; index < to; index += 1) yield block.rows[index]!;
}

/** One page of a list. Unindexed filters are scanned in slices of at most 2 ms. */
export async function page(view: View, scope: Scope, query: ListQuery, signal?: AbortSignal): Promise<Page> {
  const plan = planOf(view, scope, query);
  if (query.order) {
    const visitAll = (visit: (row: Row) => boolean) => scan(plan, undefined, visit, signal);
    return collectOrdered(visitAll, query.order, query.after, query.limit);
  }
  if (!plan.test) return firstRuns(plan, query);
  const found: Row[] = [];
  await scan(plan, query.after?.id, (row) => found.push(row) <= query.limit, signal);
  return pageOf(found, query.limit);
}

/** How many objects the query finds in the scope; counted by index where the filter allows it. */
export async function count(view: View, scope: Scope, query: Selection, signal?: AbortSignal): Promise<number> {
  const plan = planOf(view, scope, query);
  if (!plan.test && !plan.overlapping) return plan.lists().reduce((sum, { size }) => sum + size, 0);
  let found = 0;
  await scan(plan, undefined, () => (found += 1) > 0, signal);
  return found;
}

/** Rows as a page of their own, for results that are not runs of a list. */
export function pageOf(rows: readonly Row[], limit: number): Page {
  const shown = rows.length > limit ? rows.slice(0, limit) : [...rows];
  const runs = shown.length > 0 ? [{ block: { rows: shown }, from: 0, to: shown.length }] : [];
  return rows.length > limit ? { runs, next: { id: shown.at(-1)!.id } } : { runs };
}

function firstRuns(plan: Plan, query: ListQuery): Page {
  const runs: Run[] = [];
  let left = query.limit;
  for (const run of mergedRuns(plan.lists(), query.after?.id)) {
    const taken = Math.min(left, run.to - run.from);
    if (taken > 0) runs.push({ ...run, to: run.from + taken });
    left -= taken;
    if (taken === run.to - run.from) continue;
    const last = runs.at(-1)!;
    return { runs, next: { id: last.block.rows[last.to - 1]!.id } };
  }
  return { runs };
}

/** Calls `visit` with every row of the plan after `after`, in id order, until it says false. */
async function scan(
  plan: Plan,
  after: string | undefined,
  visit: (row: Row) => boolean,
  signal?: AbortSignal,
): Promise<void> {
  const slice = slices(signal);
  const { test } = plan;
  for (let last = after; ; await slice.pause()) {
    const rows = mergedRows(plan.lists(), last);
    for (let looked = 1; ; looked += 1) {
      const row = rows.next();
      if (!row) return;
      if ((!test || test(row)) && !visit(row)) return;
      if (looked % 64 !== 0 || !slice.over()) continue;
      last = row.id;
      break;
    }
  }
}

/** Looks through the shortest list that holds all the query can find: all, those of the parent, or those of one condition. */
function planOf(view: View, scope: Scope, { object, parent, filter }: Selection): Plan {
  const kind = view.kind(object);
  const { definition } = kind;
  const under = parent === undefined ? [] : [() => [kind.posting(definition.parent!, parent)!]];
  const { conjuncts, exact } = filter ? indexable(definition, filter) : { conjuncts: [], exact: true };
  const named = conjuncts.map(
    ({ attribute, values }) =>
      () =>
        values.map((value) => kind.posting(attribute, value)!),
  );
  const [shortest = () => [kind.all]] = [...under, ...named].sort((a, b) => sizeOf(a(), scope) - sizeOf(b(), scope));
  const lists = () => shortest().flatMap((each) => each.visible(scope));
  const plan = { lists, overlapping: shortest().length > 1 };
  if (!filter || (exact && parent === undefined && named.length > 0)) return plan;
  const test = tester(view, scope, definition, filter);
  if (parent === undefined) return { ...plan, test };
  return { ...plan, test: (row) => row.value[definition.parent!] === parent && test(row) };
}

function sizeOf(lists: readonly TenantLists[], scope: Scope): number {
  return lists.reduce((sum, each) => sum + each.size(scope), 0);
}

const predicates = new WeakMap<Filter, Predicate>();

function tester(view: View, scope: Scope, definition: ObjectDefinition, filter: Filter): (row: Row) => boolean {
  let predicate = predicates.get(filter);
  if (!predicate) predicates.set(filter, (predicate = compileFilter(definition, filter)));
  const test = predicate;
  if (derivedAttributes(definition).length === 0) return (row) => test(row.value);
  return (row) => test(withDerived(view, scope, row));
}
