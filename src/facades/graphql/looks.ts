import { Fault } from '#schema/errors.js';
import { objects, type ObjectName } from '#schema/objects.js';
import type { Scope } from '#schema/scope.js';
import { planOf, type Plan } from '../../inventory/plan.js';
import type { View } from '../../inventory/view.js';
import { readFilter } from '../../operations/filter-input.js';
import { filterFor } from './lists.js';

/** What a list has to look at, in objects. */
export interface Looks {
  /** For a page. */
  readonly page: number;
  /** For its `totalCount`. */
  readonly total: number;
  /** How many objects there are of its kind. */
  readonly most: number;
}

type Arguments = Readonly<Record<string, unknown>>;

/** How much a list of `object` looks at; `under` is the object of whose relation it is the list. */
export type LooksOf = (object: string, args: Arguments, under: string | undefined) => Looks;

/** By the sizes of the lists that a scope sees now, chosen as the query will choose them. */
export function looksOf(view: View, scope: Scope): LooksOf {
  const sizeOf = (object: string) => view.kind(object).all.size(scope);
  return (object, args, under) => {
    const most = sizeOf(object);
    const plan = planFor(view, scope, object as ObjectName, args);
    if (!plan) return { page: 0, total: 0, most };
    const filtered = plan.test !== undefined || plan.overlapping || (under !== undefined && isFiltered(args));
    // Of a relation each object has its share: all of them together have no more than there is.
    const size = under === undefined ? plan.size : Math.min(plan.size, most / Math.max(1, sizeOf(under)));
    return { page: filtered || args['orderBy'] != null ? size : 0, total: filtered ? size : 0, most };
  };
}

/** Absent for a filter that cannot be read: its field is refused before it looks at anything. */
function planFor(view: View, scope: Scope, object: ObjectName, args: Arguments): Plan | undefined {
  try {
    const filter = filterFor(objects[object], args, undefined);
    const read = typeof filter === 'string' ? readFilter(objects[object], filter) : filter;
    return planOf(view, scope, { object, ...(read ? { filter: read } : {}) });
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function isFiltered(args: Arguments): boolean {
  return args['filter'] != null || args['where'] != null;
}
