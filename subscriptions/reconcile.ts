import { isDeepStrictEqual } from 'node:util';
import type { StoredObject, Value } from '#schema/change.js';
import { mergePatchBetween } from '#schema/merge-patch.js';
import type { Entry } from '#platform/store/store.js';
import type { ObjectEvent } from '#adapters/kit/materialise.js';
import { marksOf } from './marks.js';

export type ChangeEvent = Extract<ObjectEvent, { type: 'upsert' | 'delete' }>;

/** What a report is judged by beside the stored object. */
export interface Circumstances {
  readonly instance: string;
  /** Hash of model and mapping that made the values. */
  readonly projection: string;
  /** Whether a new object belongs to a first synchronisation. */
  baseline(object: string): boolean;
  /** Whether native version `a` is newer than `b`; absent where the backend's versions have no order. */
  readonly newer?: (a: string, b: string) => boolean;
  /** Whether somebody else has changed the object since the list began that the report comes from. */
  changedSince?(stored: StoredObject): boolean;
}

export type Decision =
  /** `left`: its end for the tenant that it leaves, before it begins for the other: neither is told of the other's state. */
  | { readonly kind: 'entry'; readonly entry: Entry; readonly left?: Entry }
  /** Same value, newer native version: remembered without an entry. */
  | { readonly kind: 'refresh'; readonly object: StoredObject }
  | { readonly kind: 'nothing' }
  /** It may be older than what is stored and it may not: only another list can tell. */
  | { readonly kind: 'ignored' };

/** Decides what the report of one object means, given what is stored of it. Pure. */
export function reconcile(event: ChangeEvent, stored: StoredObject | undefined, by: Circumstances): Decision {
  const age = stored ? ageOf(event, stored, by) : 'fresh';
  if (age !== 'fresh') return { kind: age === 'older' ? 'nothing' : 'ignored' };
  if (event.type === 'delete') return stored ? { kind: 'entry', entry: deleted(stored, by) } : { kind: 'nothing' };
  if (!stored) return { kind: 'entry', entry: created(event, by) };
  const { projection } = by;
  if (stored.tenant === event.tenant && sameValue(stored.value, event.value)) {
    if (stored.nativeVersion === event.version && stored.projection === projection) return { kind: 'nothing' };
    return { kind: 'refresh', object: { ...after(event, by), position: stored.position } };
  }
  if (stored.tenant !== event.tenant) return { kind: 'entry', entry: created(event, by), left: deleted(stored, by) };
  return { kind: 'entry', entry: changed(event, stored, by) };
}

/** A late report must never undo a later state. What a list says is true unless the object changed while it was made. */
function ageOf(event: ChangeEvent, stored: StoredObject, by: Circumstances): 'fresh' | 'older' | 'unknown' {
  if (event.listed && by.changedSince && !by.changedSince(stored)) return 'fresh';
  const versioned = by.newer !== undefined && event.version !== undefined && stored.nativeVersion !== undefined;
  if (versioned) return by.newer(stored.nativeVersion, event.version) ? 'older' : 'fresh';
  return event.listed && by.changedSince ? 'unknown' : 'fresh';
}

/** Stored values have been JSON: an attribute that is undefined is none. */
function sameValue(stored: Value, value: Value): boolean {
  return isDeepStrictEqual(stored, value) || isDeepStrictEqual(stored, JSON.parse(JSON.stringify(value)));
}

function after({ object, id, tenant, identity, value, version }: ChangeEvent & { type: 'upsert' }, by: Circumstances) {
  const { instance, projection } = by;
  const state = { object, id, tenant, instance, identity, value, projection };
  return version === undefined ? state : { ...state, nativeVersion: version };
}

function created(event: ChangeEvent & { type: 'upsert' }, by: Circumstances): Entry {
  const { object, id, tenant, value } = event;
  const marks = marksOf(object, tenant, [value]);
  const { instance } = by;
  return {
    change: 'created',
    object,
    id,
    tenant,
    instance,
    baseline: by.baseline(object),
    after: after(event, by),
    marks,
  };
}

function deleted({ object, id, tenant, value }: StoredObject, { instance }: Circumstances): Entry {
  const marks = marksOf(object, tenant, [value]);
  return { change: 'deleted', object, id, tenant, instance, baseline: false, reversePatch: value, marks };
}

function changed(event: ChangeEvent & { type: 'upsert' }, stored: StoredObject, by: Circumstances): Entry {
  const { object, id, tenant, value, version } = event;
  const { instance } = by;
  const sameNative = version === undefined || version === stored.nativeVersion;
  const change = stored.projection !== by.projection && sameNative ? 'restated' : 'modified';
  const marks = marksOf(object, tenant, [stored.value, value]);
  const reversePatch = mergePatchBetween(value, stored.value);
  return { change, object, id, tenant, instance, baseline: false, after: after(event, by), reversePatch, marks };
}
