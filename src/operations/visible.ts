import type { Value } from '#schema/change.js';
import type { ObjectDefinition } from '#schema/object.js';
import { definitionOf } from '#schema/objects.js';
import type { Scope } from '#schema/scope.js';
import { allBut, cut, type Shown } from '#schema/shown.js';
import { withDerived } from '../inventory/derived.js';
import type { Row } from '../inventory/row.js';
import type { View } from '../inventory/view.js';
import { hiddenFrom } from './mask.js';

/** A row's value in the model's names: what the view derives filled in, what the scope may not see left out. */
export function visibleValue(view: View, scope: Scope, row: Row): Value {
  const definition = definitionOf(row.object);
  const hidden = hiddenFrom(scope, definition);
  const value = withDerived(view, scope, row);
  return hidden.length === 0 ? value : masked(value, allBut(hidden), definition);
}

/** A model that contains itself hides the same places at every level. */
function masked(value: Value, shown: Shown, definition: ObjectDefinition): Value {
  const seen = cut(value, shown) as Value;
  const { nested } = definition;
  if (nested === undefined || !Array.isArray(seen[nested])) return seen;
  return { ...seen, [nested]: seen[nested].map((child: Value) => masked(child, shown, definition)) };
}
