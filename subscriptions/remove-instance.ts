import type { StoredObject } from '#schema/change.js';
import { Fault } from '#schema/errors.js';
import { parsed } from '#platform/store/parsed.js';
import type { Entry, Lease, Store, UnparsedObject } from '#platform/store/store.js';
import { marksOf } from './marks.js';

/**
 * Deletes what is stored of a backend that is gone for good, each object with a change of its own, so that subscribers hear of
 * it. Answers how many. `fence`: the lease of who reads the backend, which nobody else then does. Throws UNAVAILABLE when it no
 * longer holds. What was noted of its synchronisation is the caller's to forget.
 */
export async function removeObjectsOf(store: Store, instance: string, fence: Lease): Promise<number> {
  for (let removed = 0; ;) {
    let seen = 0;
    for await (const chunk of store.objectsOf(instance)) {
      seen += chunk.length;
      removed += await removeAll(store, chunk, fence);
    }
    if (seen === 0) return removed;
  }
}

/** What somebody changes at this moment is left to the next look. */
async function removeAll(
  store: Store,
  objects: readonly (StoredObject | UnparsedObject)[],
  fence: Lease,
): Promise<number> {
  const expect = new Map(objects.map(({ id, position }) => [id, position]));
  const { outcome } = await store.append({ entries: objects.map(deletion), expect, fence });
  if (outcome === 'fenced')
    throw new Fault('UNAVAILABLE', 'A gateway has begun to read this backend; what is left of it stays.', {
      at: 'store',
    });
  return outcome === 'appended' ? objects.length : 0;
}

function deletion(stored: StoredObject | UnparsedObject): Entry {
  const { object, id, tenant, instance, value } = parsed(stored);
  const marks = marksOf(object, tenant, [value]);
  return { change: 'deleted', object, id, tenant, instance, baseline: false, reversePatch: value, marks };
}
