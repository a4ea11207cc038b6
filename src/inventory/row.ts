import type { StoredObject, Value } from '#schema/change.js';
import type { Position } from '#schema/position.js';
import { interned } from './interned.js';

/** One object in the view. Frozen; the same Row until the object changes, so that what is made of it can be cached by identity. */
export interface Row {
  readonly object: string;
  readonly id: string;
  readonly tenant: string | null;
  readonly instance: string;
  /** The backend's own identity of it. */
  readonly identity: string;
  /** Where its last change stands in the log. */
  readonly position: Position;
  readonly value: Value;
}

/** Takes the value over: it is frozen. */
export function rowOf({ object, id, tenant, instance, identity, position, value }: StoredObject): Row {
  return Object.freeze({ object, id, tenant, instance, identity, position, value: interned(value) });
}
