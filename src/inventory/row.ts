import type { StoredObject, Value } from '#schema/change.js';
import type { Position } from '#schema/position.js';
import type { UnparsedObject } from '#platform/store/store.js';
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
  /** The value, as long as it is not parsed. */
  readonly json?: string | undefined;
}

/** Takes the value over: it is frozen. */
export function rowOf({ object, id, tenant, instance, identity, position, value }: StoredObject): Row {
  return Object.freeze({ object, id, tenant, instance, identity, position, value: interned(value) });
}

/**
 * A row of a snapshot, whose value is parsed when somebody first looks at it, or once the start is over: parsing all of them was
 * a third of a start. The text is let go then.
 */
export class UnparsedRow implements Row {
  readonly object: string;
  readonly id: string;
  readonly tenant: string | null;
  readonly instance: string;
  readonly identity: string;
  readonly position: Position;
  #value: Value | string;

  constructor({ object, id, tenant, instance, identity, position, json }: UnparsedObject) {
    this.object = object;
    this.id = id;
    this.tenant = tenant;
    this.instance = instance;
    this.identity = identity;
    this.position = position;
    this.#value = json;
    Object.freeze(this);
  }

  get json(): string | undefined {
    return typeof this.#value === 'string' ? this.#value : undefined;
  }

  get value(): Value {
    if (typeof this.#value === 'string') this.#value = interned(JSON.parse(this.#value) as Value);
    return this.#value;
  }
}
