import { randomUUID } from 'node:crypto';
import type { Store } from './store.js';

/** The O-Cloud's id: the configured one, else made once and kept in the store. Every other id is derived from it. */
export async function oCloudIdOf(store: Store, configured: string | undefined): Promise<string> {
  if (configured !== undefined) return configured;
  const kept = await store.get('identity', 'oCloud');
  if (kept) return kept.value['oCloudId'] as string;
  await store.put('identity', 'oCloud', { oCloudId: randomUUID() }, 0);
  return oCloudIdOf(store, undefined);
}
