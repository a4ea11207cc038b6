import { expect, test } from '@jest/globals';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Lease, Store } from '#platform/store/store.js';
import { owned } from '../owned.js';
import { quick, until, world } from '../testing/deliveries.js';
import { answer, good, receiver } from '../testing/receiver.js';
import { kinds } from './documents.js';

interface Write {
  readonly what: string;
  readonly fence: Lease | undefined;
}

/** The store as a deliverer has it, and all that it writes through it. */
function noting(store: Store): { readonly store: Store; readonly writes: Write[] } {
  const writes: Write[] = [];
  const note = (what: string, fence: Lease | undefined) => void writes.push({ what, fence });
  const noted: Store = {
    ...store,
    append(appended) {
      note(`append ${appended.entries.map(({ object }) => object).join()}`, appended.fence);
      return store.append(appended);
    },
    put(...given) {
      note(`put ${given[0]}`, given[4]?.fence);
      return store.put(...given);
    },
    remove(...given) {
      note(`remove ${given[0]}`, given[3]?.fence);
      return store.remove(...given);
    },
  };
  return { store: noted, writes };
}

/** What another process may write at the same time: of its own name, or by compare-and-set with an order or a letter it has read. */
const byAnybody = new Set([`put ${kinds.member}`, `remove ${kinds.member}`, `remove ${kinds.replay}`]);

test('a deliverer writes nothing about a subscription without the lease of its shard', async () => {
  const store = await openEmbeddedStore({ memory: true });
  const { store: noted, writes } = noting(store);
  const house = await world({ store });
  const to = await receiver();
  const id = await house.subscribe(to.url);
  // As of one that was restored from elsewhere.
  const written = await store.get(kinds.delivery, id);
  await store.remove(kinds.delivery, id, written!.revision);
  const policy = { ...quick, giveUpAfter: 30, degradedAfter: 1 };
  const deliverer = await house.deliverer({ store: noted, owned: owned(noted), deadLetters: 1, policy });
  await house.change('x');
  await until(() => to.all.length === 1);
  to.behave(answer(500));
  await house.change('x', 'x', 'x');
  await until(async () => (await house.row(id)).value['state'] === 'degraded');
  await until(() => house.counts.dropped > 0);
  to.behave(good);
  await house.change('x');
  await until(async () => (await house.row(id)).value['state'] === 'active');
  await deliverer.stop();
  const fenced = writes.filter(({ what }) => !byAnybody.has(what));
  expect(fenced.filter(({ fence }) => fence === undefined)).toEqual([]);
  // All that there is to write has been.
  expect([...new Set(fenced.map(({ what }) => what))].sort()).toEqual([
    'append InventorySubscription',
    `put ${kinds.deadLetter}`,
    `put ${kinds.delivery}`,
    `put ${kinds.mark}`,
    `remove ${kinds.deadLetter}`,
  ]);
  await house.close();
  await to.close();
});
