import { kinds } from '#subscriptions/delivery/documents.js';
import { nobodyThere } from '#subscriptions/presence.js';
import { Fault } from '#schema/errors.js';
import type { Sealer } from '../platform/sealed.js';
import type { Store } from '../platform/store/store.js';

/** Beside the id of the O-Cloud: what a store is of. */
const [kind, id] = ['identity', 'key'] as const;
const some = 500;
/** Stands where the fingerprint does while another key is accepted, and after that was cut short. */
const unsettled = 'none, as `netweave key accept` has not finished';

/** Whether a store is of some key already. */
export async function hasKey(store: Pick<Store, 'get'>): Promise<boolean> {
  return (await store.get(kind, id)) !== undefined;
}

/**
 * Notes with the first start whose key a store is of, and tells everybody who has another: no stored secret could be read and
 * nothing would be delivered. `name` is the store for people. Answers Fault UNAVAILABLE with what to do.
 */
export async function keyRefused(
  store: Pick<Store, 'get' | 'put'>,
  sealer: Sealer,
  name: string,
): Promise<Fault | undefined> {
  const kept = await store.get(kind, id);
  if (!kept) {
    // Without waiting for replicas: lost, it is written again by the next start.
    const written = await store.put(kind, id, { fingerprint: sealer.fingerprint }, 0, { loose: true });
    return written === undefined ? keyRefused(store, sealer, name) : undefined;
  }
  const theirs = String(kept.value['fingerprint']);
  if (theirs === sealer.fingerprint) return undefined;
  return new Fault(
    'UNAVAILABLE',
    `The store ${name} is of another key (${theirs}, here ${sealer.fingerprint}): no secret in it could be read, and ` +
      'nothing would be delivered. Give the NETWEAVE_KEY or keyFile that it was made with (without either: the file `key` ' +
      'beside the store); all gateways of one Redis have the same. If that key is lost, stop them all and run ' +
      '`netweave key accept` (in a clone: `npm start -- key accept`), which says what it costs.',
    { at: 'store' },
  );
}

/**
 * Makes a store one of this key and forgets what only another could open; returns the subscriptions whose secrets those were.
 * Throws Fault UNAVAILABLE, with nothing changed, while a gateway runs: it goes on sealing with its own key.
 */
export async function acceptKey(store: Store, sealer: Sealer): Promise<readonly string[]> {
  const stillNobody = await nobodyThere(store);
  if (!stillNobody) throw gatewayRuns();
  const kept = await store.get(kind, id);
  // Until all is forgotten no gateway starts, with neither key.
  const claimed = await store.put(kind, id, { fingerprint: unsettled }, kept?.revision ?? 0);
  if (claimed === undefined) throw overtaken();
  if (!(await stillNobody())) {
    if (kept) await store.put(kind, id, kept.value, claimed);
    else await store.remove(kind, id, claimed);
    throw gatewayRuns();
  }
  const forgotten = await forgetSealed(store, sealer);
  if ((await store.put(kind, id, { fingerprint: sealer.fingerprint }, claimed)) === undefined) throw overtaken();
  return forgotten;
}

async function forgetSealed(store: Store, sealer: Sealer): Promise<readonly string[]> {
  const forgotten: string[] = [];
  for (let after = ''; ;) {
    const secrets = await store.list(kinds.secret, { after, limit: some });
    for (const secret of secrets) {
      if (opens(sealer, String(secret.value['sealed']), `${kinds.secret}/${secret.id}`)) continue;
      if (await store.remove(kinds.secret, secret.id, secret.revision)) forgotten.push(secret.id);
    }
    if (secrets.length < some) return forgotten;
    after = secrets.at(-1)!.id;
  }
}

function overtaken(): Fault {
  const message = 'Somebody else gave the store a key meanwhile: stop all gateways, then repeat this.';
  return new Fault('UNAVAILABLE', message, { at: 'store' });
}

function gatewayRuns(): Fault {
  const why = 'what it seals with its key from now on would be lost';
  const message = `A running gateway shares the store, and ${why}: stop all gateways of it, then repeat this. Nothing was changed.`;
  return new Fault('UNAVAILABLE', message, { at: 'store' });
}

function opens(sealer: Sealer, sealed: string, context: string): boolean {
  try {
    sealer.open(sealed, context);
    return true;
  } catch {
    return false;
  }
}
