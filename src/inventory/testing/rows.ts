import type { StoredObject, Value } from '#schema/change.js';
import type { Scope } from '#schema/scope.js';
import type { Entry, Store } from '#platform/store/store.js';
import { marksOf } from '#subscriptions/marks.js';
import { rowOf, type Row } from '../row.js';

export const everything: Scope = { tenant: undefined, permissions: new Set(), key: '*' };
export const scopeOf = (tenant: string): Scope => ({ tenant, permissions: new Set(), key: `t:${tenant}` });

type More = Partial<Pick<StoredObject, 'object' | 'tenant' | 'position'>>;

function stored(id: string, value: Value, more: More = {}): StoredObject {
  const place = { object: 'Resource', tenant: null, instance: 'east', identity: id, projection: 'p' };
  return { ...place, position: { seq: 1, tag: 't' }, ...more, id, value };
}

export function row(id: string, value: Value = {}, more: More = {}): Row {
  return rowOf(stored(id, value, more));
}

/** An entry that stores the value, or deletes the object when there is none; `before` is what is stored of it. */
export function entry(id: string, value: Value | undefined, more: More = {}, before?: StoredObject): Entry {
  const { position: _none, ...after } = stored(id, value ?? {}, more);
  const { object, tenant, instance } = after;
  const left = before ? marksOf(object, before.tenant, [before.value]) : [];
  const marks = [...new Set([...left, ...marksOf(object, tenant, [value])])];
  const place = { object, id, tenant, instance, baseline: false, marks };
  if (!value) return { ...place, change: 'deleted', ...(before && { reversePatch: before.value }) };
  return { ...place, change: before ? 'modified' : 'created', after };
}

/** Appends, and throws when the store refuses. */
export async function write(store: Store, entries: readonly Entry[]): Promise<void> {
  const { outcome } = await store.append({ entries });
  if (outcome !== 'appended') throw new Error(outcome);
}
