import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { sealer } from '#platform/sealed.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { kinds } from '#subscriptions/delivery/documents.js';
import { readSecrets, writeSecrets } from '#subscriptions/delivery/secrets.js';
import { heldToKey } from './held-to-key.js';
import { acceptKey } from './key-of-store.js';

const [former, next] = [sealer(Buffer.alloc(32, 1)), sealer(Buffer.alloc(32, 2))];
const of = (secret: string) => () => ({ signing: [{ secret }] });

let store: Store;
let told: string[];
beforeEach(async () => {
  store = await openEmbeddedStore({ memory: true });
  told = [];
});
afterEach(() => store.close());

async function heldToFormer(of: Store): Promise<Store> {
  const held = heldToKey(of, former, 'store', (fault) => void told.push(fault.message));
  await held.demandKey();
  return held.store;
}

test('who stood still while another key was accepted replaces nothing that was sealed with that one', async () => {
  const held = await heldToFormer(store);
  await acceptKey(store, next);
  await writeSecrets({ store, sealer: next }, 's', of('theirs'));
  const late = writeSecrets({ store: held, sealer: former }, 's', of('ours'));
  await expect(late).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(await readSecrets({ store, sealer: next }, 's')).toEqual(of('theirs')());
  expect(told).toEqual([expect.stringContaining('is of another key')]);
});

test('what was sealed while another key was accepted is answered as not written, and the next rotation replaces it', async () => {
  const accepting: Store = {
    ...store,
    async put(kind, ...given) {
      if (kind === kinds.secret) await acceptKey(store, next);
      return store.put(kind, ...given);
    },
  };
  const late = writeSecrets({ store: await heldToFormer(accepting), sealer: former }, 's', of('ours'));
  await expect(late).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(readSecrets({ store, sealer: next }, 's')).rejects.toThrow('sealed with another key');
  await writeSecrets({ store, sealer: next }, 's', (before) => ({ signing: [{ secret: before ? 'kept' : 'anew' }] }));
  expect(await readSecrets({ store, sealer: next }, 's')).toEqual(of('anew')());
});
