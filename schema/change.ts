import type { Position } from './position.js';

/** An object's value: JSON, validated where it entered (adapter to feed), frozen afterwards. */
export type Value = Readonly<Record<string, unknown>>;

/** What is stored of an object of the inventory beside its value. */
export interface StoredObject {
  readonly object: string;
  readonly id: string;
  /** `null` is shared by all tenants. */
  readonly tenant: string | null;
  /** Key of the backend instance that reported it; `$configuration` for what the YAML holds. */
  readonly instance: string;
  /** The backend's own identity of it, from which `id` is derived. */
  readonly identity: string;
  readonly value: Value;
  /** The backend's version of it, where the backend has one. */
  readonly nativeVersion?: string;
  /** Hash of model and mapping that made `value`: a release that projects differently writes `restated` entries. */
  readonly projection: string;
  /** Where its last change stands in the log. */
  readonly position: Position;
}

/**
 * How an entry of the log came about. `restated`: the same object projected by a newer release (views apply it, webhooks and
 * live streams never see it). `baseline`: first sync of an instance on an empty store (webhooks are not owed it).
 */
export type ChangeKind = 'created' | 'modified' | 'deleted' | 'restated';

/** One entry of the log. */
export interface Change {
  readonly position: Position;
  readonly change: ChangeKind;
  readonly object: string;
  readonly id: string;
  readonly tenant: string | null;
  readonly instance: string;
  readonly baseline: boolean;
  /** RFC 3339, UTC. */
  readonly at: string;
  /** The object after the change; absent for `deleted`. */
  readonly after?: StoredObject;
  /** Merge-patch (RFC 7396) that leads from the new value back to the old one; for `deleted` the old value itself. */
  readonly reversePatch?: Value;
}
