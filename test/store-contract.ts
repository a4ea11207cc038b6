import { afterEach, describe } from '@jest/globals';
import type { Store } from '#platform/store/store.js';
import { auditContract } from './store-contract/audit.js';
import { coordinationContract } from './store-contract/coordination.js';
import { documentContract } from './store-contract/documents.js';
import type { Open } from './store-contract/fixtures.js';
import { logContract } from './store-contract/log.js';
import { trimmedContract } from './store-contract/trimmed.js';
import { snapshotContract } from './store-contract/snapshot.js';
import { stateContract } from './store-contract/state.js';

/**
 * What every implementation of the store must do. `open` gives a store that holds nothing; its `reopen` closes that store
 * and opens what it holds once more.
 */
export function storeContract(name: string, open: Open): void {
  describe(`store: ${name}`, () => {
    const opened = new Set<Store>();
    afterEach(async () => {
      for (const store of opened) await store.close();
      opened.clear();
    });
    const openAndClose: Open = async () => {
      const { store, reopen } = await open();
      opened.add(store);
      return {
        store,
        reopen: async () => {
          const again = await reopen();
          opened.add(again);
          return again;
        },
      };
    };
    logContract(openAndClose);
    trimmedContract(openAndClose);
    stateContract(openAndClose);
    snapshotContract(openAndClose);
    documentContract(openAndClose);
    coordinationContract(openAndClose);
    auditContract(openAndClose);
  });
}
