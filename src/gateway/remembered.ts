import { objectNames, type ObjectName } from '#schema/objects.js';
import type { Store } from '../platform/store/store.js';

/** What is known of a backend from an earlier life of the gateway. */
export interface Remembered {
  /** Objects it may hold. */
  readonly objects: readonly ObjectName[];
  /** When each was last known to be current, milliseconds since the epoch; absent if it never was. */
  readonly fresh: Readonly<Partial<Record<ObjectName, number>>>;
}

const kind = 'backend';

/** All backends that this store has ever had, but for those that an operator removed. */
export async function allRemembered(store: Pick<Store, 'list'>): Promise<ReadonlyMap<string, Remembered>> {
  const documents = await store.list(kind);
  return new Map(documents.map(({ id, value }) => [id, known(value as unknown as Remembered)]));
}

/** The last to write wins. */
export async function remember(store: Pick<Store, 'get' | 'put'>, key: string, value: Remembered): Promise<void> {
  const before = await store.get(kind, key);
  await store.put(kind, key, { ...value }, before?.revision ?? 0);
}

/** Forgets a backend, and what was noted of its first synchronisation. */
export async function forget(store: Pick<Store, 'get' | 'remove'>, key: string): Promise<void> {
  for (const each of [kind, 'instance']) {
    const before = await store.get(each, key);
    if (before) await store.remove(each, key, before.revision);
  }
}

/** Without objects that this release does not have. */
function known({ objects, fresh }: Remembered): Remembered {
  return { objects: objects.filter((object) => objectNames.includes(object)), fresh };
}
