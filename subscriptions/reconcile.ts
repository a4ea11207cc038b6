import { isDeepStrictEqual } from 'node:util';
import type { StoredObject } from '#schema/change.js';
import { mergePatchBetween } from '#schema/merge-patch.js';
import type { Position } from '#schema/position.js';
import type { Entry } from '#platform/store/store.js';
import type { ObjectEvent } from '#adapters/kit/materialise.js';
import { marksOf } from './marks.js';

/** What a report is judged by beside the stored object. */
export interface Circumstances {
  readonly instance: string;
  /** Hash of model and mapping that made the values. */
  readonly projection: string;
  readonly baseline: boolean;
  /** Whether native version `a` is newer than `b`; absent where the backend's versions have no order. */
  readonly newer?: (a: string, b: string) => boolean;
  /** Head of the log before a poll began: what changed since then is newer than what the poll saw. */
  readonly since?: Position;
}

export type Decision =
  | { readonly kind: 'entry'; readonly entry: Entry }
  /** Same value, newer native version: remembered without an entry. */
  | { readonly kind: 'refresh'; readonly object: StoredObject }
  | { readonly kind: 'nothing' };

const nothing: Decision = { kind: 'nothing' };

/** Whether a report is older than what is stored, so that a late echo never undoes a later state. */
function outdated(stored: StoredObject, version: string | undefined, by: Circumstances): boolean {
  if (by.since !== undefined && stored.position.seq > by.since.seq) return true;
  if (by.newer === undefined || version === undefined || stored.nativeVersion === undefined) return false;
  return by.newer(stored.nativeVersion, version);
}

/** Decides what the report of one object means, given what is stored of it. Pure. */
export function reconcile(event: Extract<ObjectEvent, { type: 'upsert' | 'delete' }>, stored: StoredObject | undefined, by: Circumstances): Decision {
  if (stored && outdated(stored, event.version, by)) return nothing;
  const { instance, projection, baseline } = by;
  if (event.type === 'delete') {
    if (!stored) return nothing;
    const { object, id, tenant, value } = stored;
    return { kind: 'entry', entry: { change: 'deleted', object, id, tenant, instance, baseline: false, reversePatch: value, marks: marksOf(object, tenant, [value]) } };
  }
  const { object, id, identity, tenant, value, version } = event;
  const after = { object, id, tenant, instance, identity, value, projection, ...(version === undefined ? {} : { nativeVersion: version }) };
  if (!stored) {
    return { kind: 'entry', entry: { change: 'created', object, id, tenant, instance, baseline, after, marks: marksOf(object, tenant, [value]) } };
  }
  if (stored.tenant === tenant && isDeepStrictEqual(stored.value, value)) {
    const same = stored.nativeVersion === version && stored.projection === projection;
    return same ? nothing : { kind: 'refresh', object: { ...after, position: stored.position } };
  }
  const restated = stored.projection !== projection && (version === undefined || version === stored.nativeVersion);
  const marks = [...new Set([...marksOf(object, stored.tenant, [stored.value]), ...marksOf(object, tenant, [value])])];
  const change = restated ? 'restated' : 'modified';
  return { kind: 'entry', entry: { change, object, id, tenant, instance, baseline: false, after, reversePatch: mergePatchBetween(value, stored.value), marks } };
}
