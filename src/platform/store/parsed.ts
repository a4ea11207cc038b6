import type { StoredObject, Value } from '#schema/change.js';
import type { UnparsedObject } from './store.js';

/** An object as a store gave it, with its value. */
export function parsed(object: StoredObject | UnparsedObject): StoredObject {
  if (!('json' in object)) return object;
  const { json, ...rest } = object;
  return { ...rest, value: JSON.parse(json) as Value };
}
