import type { ObjectDefinition } from '#schema/object.js';
import { conditionsIn, type Filter } from '#schema/filter/ast.js';
import { compileFilter, compileStored, type Predicate } from '#schema/filter/compile.js';
import { seeks } from '#schema/filter/parse.js';
import { indexable, partsOf } from '#schema/filter/plan.js';
import type { Scope } from '#schema/scope.js';
import { mostAttributes, type ColumnTest } from './columns.js';
import { derivedAttributes, withDerived } from './derived.js';
import type { Kind } from './kind.js';
import type { Row } from './row.js';
import type { ScanTurns } from './scan-turns.js';
import type { SortedRows } from './sorted-rows.js';
import type { TenantLists } from './tenant-lists.js';
import type { View } from './view.js';

/** What a query selects, whichever page of it, in whatever order. */
export interface Selection {
  readonly object: string;
  /** Only what is listed under this object (the definition's `parent`). */
  readonly parent?: string;
  readonly filter?: Filter;
}

/** The rows to look at, and what each of them must still satisfy. */
export interface Plan {
  readonly kind: Kind;
  readonly scope: Scope;
  /** No index helps, and the scope sees a good part of all there is. */
  readonly whole: boolean;
  /** How many rows the lists hold, which is how many have to be looked at at most. */
  readonly size: number;
  readonly turns: ScanTurns;
  /** Lists that hold all the query can find; asked anew after every pause, because they may have changed. */
  lists(): readonly SortedRows[];
  /** An object may stand in several of the lists. */
  readonly overlapping: boolean;
  readonly test?: (row: Row) => boolean;
  /** The test in two, for a scan of everything that may ask columns. */
  readonly split?: () => Split;
  /** The parent that rows must still have, when that is all the test asks. */
  readonly under?: string;
  /** Comparisons that the test makes of a row whose attributes have one value each; at least one. */
  readonly weight: number;
}

/** What columns answer of a test, and what rows must satisfy besides. */
export interface Split {
  readonly columns: readonly ColumnTest[];
  readonly test?: (row: Row) => boolean;
}

/** Lists that hold all the query can find, and which part of it they answer: nothing of that need be tested. */
interface Choice {
  readonly lists: () => readonly TenantLists[];
  readonly answers: 'nothing' | 'parent' | 'filter';
}

/** Chooses the list that costs least of those that hold all the query can find: all, those of the parent or of one condition. */
export function planOf(view: View, scope: Scope, { object, parent, filter }: Selection): Plan {
  const kind = view.kind(object);
  const { definition } = kind;
  const choices = choicesOf(kind, parent, filter).map((choice) => ({ choice, size: sizeOf(choice.lists(), scope) }));
  const shortest = choices.sort((a, b) => effort(a) - effort(b))[0];
  const chosen = shortest?.choice ?? { lists: () => [kind.all], answers: 'nothing' as const };
  const lists = () => chosen.lists().flatMap((each) => each.visible(scope));
  const size = shortest?.size ?? kind.all.size(scope);
  const whole = !shortest && size * 8 >= kind.size;
  const overlapping = chosen.lists().length > 1;
  const under = parent === undefined || chosen.answers === 'parent' ? undefined : isUnder(definition, parent);
  // Also where an index answers it: a value that the attribute cannot have is refused, and not found nowhere.
  const tested = filter && tester(view, scope, definition, filter);
  const passes = chosen.answers === 'filter' ? undefined : tested;
  const weight = passes ? weightOf(filter!) : 1;
  // Not for a tenant: how long its search takes would tell what others' rows contain.
  const split =
    whole && filter && scope.tenant === undefined ? () => splitOf(view, scope, definition, filter) : undefined;
  const plan = {
    kind,
    scope,
    whole,
    size,
    lists,
    turns: view.turns,
    overlapping,
    weight,
    ...(split && { split }),
  };
  const test = under && passes ? (row: Row) => under(row) && passes(row) : (under ?? passes);
  if (!test) return plan;
  return passes || parent === undefined ? { ...plan, test } : { ...plan, test, under: parent };
}

/** Equality with many values is one look into a Set. */
function weightOf(filter: Filter): number {
  const costs = conditionsIn(filter).map(({ operator, values }) => (seeks(operator) ? values.length : 1));
  return Math.max(
    1,
    costs.reduce((sum, cost) => sum + cost, 0),
  );
}

function choicesOf(kind: Kind, parent: string | undefined, filter: Filter | undefined): readonly Choice[] {
  const { definition } = kind;
  const { conjuncts, exact } = filter ? indexable(definition, filter) : { conjuncts: [], exact: false };
  const standing = conjuncts.filter(({ attribute }) => kind.posts(attribute));
  const named = standing.map(({ attribute, values }): Choice => {
    const lists = () => values.map((value) => kind.posting(attribute, value)!);
    return { lists, answers: exact ? 'filter' : 'nothing' };
  });
  if (parent === undefined) return named;
  return [{ lists: () => [kind.posting(definition.parent!, parent)!], answers: 'parent' }, ...named];
}

/** Rows whose filter is answered are asked for their parent at most, and their blocks remember it. */
function effort({ choice, size }: { readonly choice: Choice; readonly size: number }): number {
  return choice.answers === 'filter' ? size / 4 : size;
}

function isUnder({ parent }: ObjectDefinition, id: string): (row: Row) => boolean {
  return (row) => row.value[parent!] === id;
}

function sizeOf(lists: readonly TenantLists[], scope: Scope): number {
  return lists.reduce((sum, each) => sum + each.size(scope), 0);
}

function splitOf(view: View, scope: Scope, definition: ObjectDefinition, filter: Filter): Split {
  const { stored, rest } = partsOf(definition, filter, mostAttributes);
  const columns = stored.map((condition): ColumnTest => {
    const { operator, path, values } = condition;
    const test = { attribute: path[0]!, holds: compileStored(definition, condition) };
    return operator === 'cont' ? { ...test, sought: values } : test;
  });
  return rest.length === 0 ? { columns } : { columns, test: tester(view, scope, definition, { all: rest }) };
}

const predicates = new WeakMap<Filter, Predicate>();

function tester(view: View, scope: Scope, definition: ObjectDefinition, filter: Filter): (row: Row) => boolean {
  let predicate = predicates.get(filter);
  if (!predicate) predicates.set(filter, (predicate = compileFilter(definition, filter)));
  const test = predicate;
  if (derivedAttributes(definition).length === 0) return (row) => test(row.value);
  return (row) => test(withDerived(view, scope, row));
}
