import type { ObjectDefinition } from '#schema/object.js';
import type { Filter } from '#schema/filter/ast.js';
import { compileFilter, type Predicate } from '#schema/filter/compile.js';
import { indexable } from '#schema/filter/plan.js';
import type { Scope } from '#schema/scope.js';
import { derivedAttributes, withDerived } from './derived.js';
import type { Kind } from './kind.js';
import { collectOrdered, type Order, type Place } from './order.js';
import type { Row } from './row.js';
import type { Run, SortedRows } from './sorted-rows.js';
import { slices } from './slices.js';
import { mergedRuns, type TenantLists } from './tenant-lists.js';
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

/** A page: runs of rows, and where the next page begins if there is one. Stable under writes: keyset, never offset. */
export interface Page {
  readonly runs: readonly Run[];
  readonly next?: Place;
}

/** The rows to look at, and what each of them must still satisfy. */
interface Plan {
  /** Evaluated anew after every pause: the lists may have changed meanwhile. */
  lists(): readonly SortedRows[];
  readonly test?: (row: Row) => boolean;
}

export function* rowsOf(runs: readonly Run[]): Generator<Row> {
  for (const { block, from, to } of runs) for (let index = from; index < to; index += 1) yield block.rows[index]!;
}

/** One page of a list. Unindexed filters are scanned in slices of at most 2 ms. */
export async function page(view: View, scope: Scope, query: ListQuery, signal?: AbortSignal): Promise<Page> {
  const plan = planOf(view, scope, query);
  if (query.order) return collectOrdered((visit) => scan(plan, undefined, visit, signal), query.order, query.after, query.limit);
  if (!plan.test) return firstRuns(plan, query);
  const found: Row[] = [];
  await scan(
    plan,
    query.after?.id,
    (row) => {
      found.push(row);
      return found.length <= query.limit;
    },
    signal,
  );
  return pageOf(found, query.limit);
}

/** How many objects the query finds in the scope; counted by index where the filter allows it. */
export async function count(view: View, scope: Scope, query: Omit<ListQuery, 'limit' | 'after' | 'order'>, signal?: AbortSignal): Promise<number> {
  const plan = planOf(view, scope, query);
  const lists = plan.lists();
  if (!plan.test && lists.length <= 1) return lists[0]?.size ?? 0;
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
    if (left === 0) {
      const last = runs.at(-1)!;
      return { runs, next: { id: last.block.rows[last.to - 1]!.id } };
    }
    const taken = Math.min(left, run.to - run.from);
    runs.push({ ...run, to: run.from + taken });
    left -= taken;
    if (taken < run.to - run.from) return { runs, next: { id: run.block.rows[run.from + taken - 1]!.id } };
  }
  return { runs };
}

async function scan(plan: Plan, after: string | undefined, visit: (row: Row) => boolean, signal?: AbortSignal): Promise<void> {
  const slice = slices(signal);
  let last = after;
  for (;;) {
    let paused = false;
    for (const { block, from, to } of mergedRuns(plan.lists(), last)) {
      for (let index = from; index < to; index += 1) {
        const row = block.rows[index]!;
        if ((!plan.test || plan.test(row)) && !visit(row)) return;
      }
      last = block.rows[to - 1]!.id;
      paused = slice.over();
      if (paused) break;
    }
    if (!paused) return;
    await slice.pause();
  }
}

function planOf(view: View, scope: Scope, query: Omit<ListQuery, 'limit' | 'after' | 'order'>): Plan {
  const kind = view.kind(query.object);
  const { definition } = kind;
  const parent = query.parent === undefined ? [] : [[kind.posting(definition.parent!, query.parent)!]];
  const visible = (lists: readonly TenantLists[]) => lists.flatMap((each) => each.visible(scope));
  const { filter } = query;
  if (!filter) {
    if (parent[0]) return { lists: () => visible([kind.posting(definition.parent!, query.parent!)!]) };
    return { lists: () => visible([kind.all]) };
  }
  const test = tester(view, scope, definition, filter);
  const { conjuncts, exact } = indexable(definition, filter);
  const choices = [...parent.map(() => parentChoice(kind, query.parent!)), ...conjuncts.map((each) => () => postings(kind, each))];
  const smallest = choices.map((choice) => ({ choice, size: sizeOf(choice(), scope) })).sort((a, b) => a.size - b.size)[0];
  if (!smallest) return { lists: () => visible([kind.all]), test };
  const lists = () => visible(smallest.choice());
  if (exact && choices.length === 1) return { lists };
  const under = query.parent;
  if (under === undefined) return { lists, test };
  return { lists, test: (row) => row.value[definition.parent!] === under && test(row) };
}

function parentChoice(kind: Kind, parent: string): () => readonly TenantLists[] {
  return () => [kind.posting(kind.definition.parent!, parent)!];
}

function postings(kind: Kind, conjunct: { readonly attribute: string; readonly values: readonly string[] }): readonly TenantLists[] {
  return conjunct.values.map((value) => kind.posting(conjunct.attribute, value)!);
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
