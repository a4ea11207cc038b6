import { counted } from '#schema/counted.js';
import { acceptKey } from '../gateway/key-of-store.js';
import { openKeys } from '../platform/keys.js';
import type { Configuration } from '../platform/config/model.js';
import { sealer as newSealer } from '../platform/sealed.js';
import { audited } from './audited.js';
import { withStore } from './with-store.js';

/** Makes the store one of the configured key, and says what that cost. Throws Fault UNAVAILABLE for the store or the key. */
export async function acceptKeyOf(configuration: Configuration): Promise<string> {
  return withStore(configuration, async (store) => {
    const sealer = newSealer(openKeys(configuration).subKey('secrets'));
    const forgotten = await audited(store, 'key.accept', sealer.fingerprint, () => acceptKey(store, sealer));
    const now = `The store is of the key ${sealer.fingerprint} now.`;
    if (forgotten.length === 0) return `${now} Nothing was lost.\n`;
    const lost = `The secrets of ${counted(forgotten.length, 'subscription')} were of another key and are gone`;
    const todo =
      'Nothing is delivered to them before each consumer has called rotateSecret and, where its callback needs credentials, ' +
      'given them again.';
    return `${now} ${lost}:\n${forgotten.map((each) => `  ${each}\n`).join('')}${todo}\n`;
  });
}
