import { kinds } from '#subscriptions/delivery/documents.js';
import { Fault } from '#schema/errors.js';
import type { Sealer } from '../platform/sealed.js';
import type { Store } from '../platform/store/store.js';
import { keyRefused } from './key-of-store.js';

const nothingSealed = new Fault('UNAVAILABLE', 'The store is of another key meanwhile; this gateway ends.', {
  at: 'store',
  retryAfter: 1,
});

/** A store, and what holds a running gateway to the key of it. */
export interface HeldToKey {
  readonly store: Store;
  /** Throws Fault UNAVAILABLE, with what to do, when the store is of another key. */
  demandKey(): Promise<void>;
  /** Says `lost` when it has become one of another key. */
  lookAtKey(): Promise<void>;
}

/**
 * Another key may be accepted while this gateway stands still. No secret that it seals after that is answered as written; `name`
 * is the store for people, `lost` is told why the gateway cannot go on, with what to do.
 */
export function heldToKey(store: Store, sealer: Sealer, name: string, lost: (fault: Fault) => void): HeldToKey {
  const look = async (): Promise<Fault | undefined> => {
    const refused = await keyRefused(store, sealer, name);
    if (refused) lost(refused);
    return refused;
  };
  return {
    store: {
      ...store,
      async put(kind, id, value, expected, how) {
        // Before the write: a secret that cannot be opened is replaced, and what is of another key was sealed after the store was.
        if (kind === kinds.secret && (await look())) throw nothingSealed;
        const revision = await store.put(kind, id, value, expected, how);
        // Behind the write: whoever accepts a key forgets, and names, what was sealed before it.
        if (kind === kinds.secret && (await look())) throw nothingSealed;
        return revision;
      },
    },
    async demandKey() {
      const refused = await keyRefused(store, sealer, name);
      if (refused) throw refused;
    },
    async lookAtKey() {
      await look();
    },
  };
}
