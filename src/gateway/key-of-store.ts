import { kinds } from '#subscriptions/delivery/documents.js';
import { Fault } from '#schema/errors.js';
import type { Sealer } from '../platform/sealed.js';
import type { Store } from '../platform/store/store.js';

/** Beside the id of the O-Cloud: what a store is of. */
const [kind, id] = ['identity', 'key'] as const;
const some = 500;

/**
 * Notes with the first start whose key a store is of, and holds every later one to it: with another, no stored secret could be
 * read and nothing would be delivered. `name` is the store for people. Throws Fault UNAVAILABLE with what to do.
 */
export async function demandKeyOf(store: Pick<Store, 'get' | 'put'>, sealer: Sealer, name: string): Promise<void> {
  const kept = await store.get(kind, id);
  if (!kept) {
    // Without waiting for replicas: lost, it is written again by the next start.
    const written = await store.put(kind, id, { fingerprint: sealer.fingerprint }, 0, { loose: true });
    return written === undefined ? demandKeyOf(store, sealer, name) : undefined;
  }
  const theirs = String(kept.value['fingerprint']);
  if (theirs === sealer.fingerprint) return;
  throw new Fault(
    'UNAVAILABLE',
    `The store ${name} is of another key (${theirs}, here ${sealer.fingerprint}): no secret in it could be read, and ` +
      'nothing would be delivered. Give the NETWEAVE_KEY or keyFile that it was made with; all gateways of one Redis have ' +
      'the same. If that key is lost, stop them all and run `netweave key accept`, which says what it costs.',
    { at: 'store' },
  );
}

/** Makes a store one of this key and forgets what only another could open; returns the subscriptions whose secrets those were. */
export async function acceptKey(store: Store, sealer: Sealer): Promise<readonly string[]> {
  const forgotten: string[] = [];
  for (let after = ''; ;) {
    const secrets = await store.list(kinds.secret, { after, limit: some });
    for (const secret of secrets) {
      if (opens(sealer, String(secret.value['sealed']), `${kinds.secret}/${secret.id}`)) continue;
      if (await store.remove(kinds.secret, secret.id, secret.revision)) forgotten.push(secret.id);
    }
    if (secrets.length < some) break;
    after = secrets.at(-1)!.id;
  }
  const kept = await store.get(kind, id);
  const written = await store.put(kind, id, { fingerprint: sealer.fingerprint }, kept?.revision ?? 0);
  if (written !== undefined) return forgotten;
  throw new Fault('UNAVAILABLE', 'Somebody else gave the store a key meanwhile: stop all gateways, then repeat this.', {
    at: 'store',
  });
}

function opens(sealer: Sealer, sealed: string, context: string): boolean {
  try {
    sealer.open(sealed, context);
    return true;
  } catch {
    return false;
  }
}
