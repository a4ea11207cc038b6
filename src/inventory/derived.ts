import type { Value } from '#schema/change.js';
import type { ObjectDefinition } from '#schema/object.js';
import { definitionOf } from '#schema/objects.js';
import { attributeAt } from '#schema/paths.js';
import type { Scope } from '#schema/scope.js';
import type { Row } from './row.js';
import { mergedRows } from './merged.js';
import type { View } from './view.js';

/** An attribute that lists the ids of the objects that point here. */
export interface Derived {
  readonly attribute: string;
  readonly object: string;
  readonly by: string;
}

const cache = new WeakMap<ObjectDefinition, readonly Derived[]>();

export function derivedAttributes(definition: ObjectDefinition): readonly Derived[] {
  let derived = cache.get(definition);
  if (!derived) {
    derived = Object.keys(definition.model.shape).flatMap((attribute) => {
      const from = attributeAt(definition.model, [attribute])?.derived;
      return from ? [{ attribute, ...from }] : [];
    });
    cache.set(definition, derived);
  }
  return derived;
}

/** The value with what the view derives filled in, as far as the scope sees it. */
export function withDerived(view: View, scope: Scope, row: Row): Value {
  const derived = derivedAttributes(definitionOf(row.object));
  if (derived.length === 0) return row.value;
  return {
    ...row.value,
    ...Object.fromEntries(
      derived.map(({ attribute, object, by }) => [attribute, idsOf(view, scope, object, by, row.id)]),
    ),
  };
}

function idsOf(view: View, scope: Scope, object: string, by: string, id: string): readonly string[] {
  const lists = view.kind(object).posting(by, id)?.visible(scope) ?? [];
  const rows = mergedRows(lists, undefined);
  const ids: string[] = [];
  for (let row = rows.next(); row; row = rows.next()) ids.push(row.id);
  return ids;
}
