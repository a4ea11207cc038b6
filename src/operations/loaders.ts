import DataLoader from 'dataloader';
import type { ObjectName } from '#schema/objects.js';
import type { Scope } from '#schema/scope.js';
import type { Row } from '../inventory/row.js';
import type { View } from '../inventory/view.js';

/** Reads what answers refer to. Made for one request: what it has read once it does not read again. */
export interface Loaders {
  /** The object by id; null when the scope sees none. Ids asked for together are read together. */
  row(object: ObjectName, id: string): Promise<Row | null>;
  /** How many objects hold `id` in their indexed attribute `by`, as far as the scope sees them. */
  count(object: ObjectName, by: string, id: string): number;
}

export function loaders(view: View, scope: Scope): Loaders {
  const rows = new Map<ObjectName, DataLoader<string, Row | null>>();
  const rowsOf = (object: ObjectName) => {
    const known =
      rows.get(object) ??
      new DataLoader(async (ids: readonly string[]) => ids.map((id) => view.get(scope, object, id) ?? null));
    rows.set(object, known);
    return known;
  };
  return {
    row: (object, id) => rowsOf(object).load(id),
    count(object, by, id) {
      const posting = view.kind(object).posting(by, id);
      if (!posting) throw new Error(`${object} has no index of '${by}'.`);
      return posting.size(scope);
    },
  };
}
