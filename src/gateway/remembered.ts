import { objectNames, type ObjectName } from '#schema/objects.js';
import type { CoverageOf } from '#subscriptions/coverage.js';
import type { DocumentWrite, Lease, Store } from '../platform/store/store.js';

/** What is known of a backend from an earlier life of the gateway. */
export interface Remembered {
  /** Objects it may hold. */
  readonly objects: readonly ObjectName[];
  /** When each was last known to be current, milliseconds since the epoch; absent if it never was. */
  readonly fresh: Readonly<Partial<Record<ObjectName, number>>>;
  /** Where several processes share the store: which one watches it or did so last, and what that tells of it. */
  readonly holder?: string;
  readonly told?: CoverageOf;
}

const kind = 'backend';

/** All backends that this store has ever had, but for those that an operator removed. */
export async function allRemembered(store: Pick<Store, 'list'>): Promise<ReadonlyMap<string, Remembered>> {
  const documents = await store.list(kind);
  return new Map(documents.map(({ id, value }) => [id, known(value as unknown as Remembered)]));
}

/** The last to write wins; false when somebody else wrote in between, or the fence no longer holds. */
export async function remember(
  store: Pick<Store, 'get' | 'put'>,
  key: string,
  value: Remembered,
  how?: DocumentWrite,
): Promise<boolean> {
  const before = await store.get(kind, key);
  return (await store.put(kind, key, { ...value }, before?.revision ?? 0, how)) !== undefined;
}

/**
 * Forgets a backend, and what was noted of its first synchronisation; false when somebody wrote meanwhile, or the fence no longer
 * holds.
 */
export async function forget(store: Pick<Store, 'get' | 'remove'>, key: string, fence: Lease): Promise<boolean> {
  for (const each of [kind, 'instance']) {
    const before = await store.get(each, key);
    if (before && !(await store.remove(each, key, before.revision, { fence }))) return false;
  }
  return true;
}

/** Without objects that this release does not have. */
function known({ objects, ...rest }: Remembered): Remembered {
  return { ...rest, objects: objects.filter((object) => objectNames.includes(object)) };
}
