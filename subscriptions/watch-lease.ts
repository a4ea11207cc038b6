import { keepLease, type KeptLease } from '#platform/store/kept-lease.js';
import type { Lease, Store } from '#platform/store/store.js';

/** Milliseconds a lease lasts that is not renewed; it is renewed four times before it lapses. */
export const watchLeaseTtl = 8_000;

/** Takes the lease of who reads a backend and writes its objects; undefined while another holder has it. */
export function keepWatchLease(
  store: Store,
  instance: string,
  holder: string,
  ttl = watchLeaseTtl,
): Promise<KeptLease | undefined> {
  return keepLease(store, { name: `watch/${instance}`, holder, ttl });
}

/** Works while nobody can read the backend, under the lease of who does; undefined, and nothing is done, while a gateway has it. */
export async function whileUnwatched<T>(
  store: Store,
  { instance, holder }: { readonly instance: string; readonly holder: string },
  work: (fence: Lease) => Promise<T>,
): Promise<{ readonly done: T } | undefined> {
  const kept = await keepWatchLease(store, instance, holder);
  if (!kept) return undefined;
  const renewal = setInterval(() => void kept.renew(), watchLeaseTtl / 4);
  try {
    return { done: await work(kept.lease) };
  } finally {
    clearInterval(renewal);
    await kept.release().catch(() => undefined);
  }
}
