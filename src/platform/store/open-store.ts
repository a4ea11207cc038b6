import type { Fault } from '#schema/errors.js';
import type { Configuration } from '../config/model.js';
import { openEmbeddedStore } from './embedded/embedded-store.js';
import type { Store } from './store.js';

/**
 * Opens the store that is configured. Who gives `waits` waits as long as is configured for a Redis that is not there
 * yet, others a few seconds. `lost` is told that the disk failed the store, with what to do: end at once, without closing it.
 * Throws Fault UNAVAILABLE that names it and the fix.
 */
export async function openStore(
  { file, memory, redis }: Configuration['store'],
  { waits, lost }: { waits?(message: string): void; lost?(why: Fault): void } = {},
): Promise<Store> {
  if (!redis) return openEmbeddedStore(memory ? { memory } : { file }, lost);
  // Its client is 45 modules, which a start without it does not wait for.
  const { openRedisStore } = await import('./redis/redis-store.js');
  return openRedisStore(redis, waits && { within: redis.startTimeout, waits });
}

/** The store's name for people. */
export function storeName({ file, memory, redis }: Configuration['store']): string {
  if (redis) return `Redis, ${redis.sentinels.length > 0 ? `primary '${redis.name}'` : `${redis.host}:${redis.port}`}`;
  return memory ? 'memory only' : file;
}
