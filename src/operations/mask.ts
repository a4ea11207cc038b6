import type { ObjectDefinition } from '#schema/object.js';
import { permissionsOf } from '#schema/permissions.js';
import type { Scope } from '#schema/scope.js';

const none: readonly (readonly string[])[] = [];
const cache = new WeakMap<ObjectDefinition, Map<string, readonly (readonly string[])[]>>();

/** Places of an object that a scope may not see; the same array for the same scope. */
export function hiddenFrom(scope: Scope, definition: ObjectDefinition): readonly (readonly string[])[] {
  const permitted = permissionsOf(definition.model);
  if (permitted.length === 0) return none;
  const known = cache.get(definition) ?? new Map<string, readonly (readonly string[])[]>();
  cache.set(definition, known);
  const hit = known.get(scope.key);
  if (hit) return hit;
  const hidden = permitted.filter(({ permission }) => !scope.permissions.has(permission)).map(({ path }) => path);
  const kept = hidden.length === 0 ? none : hidden;
  known.set(scope.key, kept);
  return kept;
}
