import type { Store } from '#platform/store/store.js';
import { kinds, shardOf } from './documents.js';

const attempts = 10;
/** Ids or documents that are read at once. */
const page = 1000;
/** Behind every id that begins with a subscription and a slash. */
const behind = '/\u{10ffff}';

/**
 * What forgets everything of a subscription. To be had before its row goes: a restore writes the secret first, so that as long as
 * it is the one that was seen, nothing is of a subscription that is about to stand again. The secret goes last.
 */
export async function ending(store: Store, id: string): Promise<() => Promise<void>> {
  const seen = await secretOf(store, id);
  return async () => {
    for (const kind of [kinds.deadLetter, kinds.replay, kinds.brought]) await removeAll(store, kind, id);
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const delivery = await store.get(kinds.delivery, id);
      if ((await stands(store, id)) || (await secretOf(store, id)) !== seen) return;
      // A worker may be writing it still.
      if (!delivery || (await store.remove(kinds.delivery, id, delivery.revision))) break;
    }
    if (seen > 0 && !(await stands(store, id))) await store.remove(kinds.secret, id, seen);
  };
}

/** Its revision; 0: there is none. */
async function secretOf(store: Store, id: string): Promise<number> {
  return (await store.get(kinds.secret, id))?.revision ?? 0;
}

async function stands(store: Store, id: string): Promise<boolean> {
  return (await store.objects([{ object: 'InventorySubscription', id }]))[0] !== undefined;
}

/** Removes what is written only while the subscription stands: whatever was listed when it does not is of the one that is gone. */
async function removeAll(store: Store, kind: string, id: string): Promise<void> {
  for (;;) {
    const found = await store.list(kind, { prefix: `${id}/`, limit: page });
    if (found.length === 0 || (await stands(store, id))) return;
    await Promise.all(found.map((each) => store.remove(kind, each.id, each.revision)));
    if (found.length < page) return;
  }
}

/** Subscriptions of some shards that do not stand, although something is kept of them. */
export async function orphans(store: Store, shards: ReadonlySet<number>): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const kind of [kinds.delivery, kinds.secret, kinds.replay, kinds.deadLetter, kinds.brought])
    for await (const owners of ownersOf(store, kind))
      for (const id of await missing(
        store,
        owners.filter((each) => shards.has(shardOf(each))),
      ))
        found.add(id);
  return [...found];
}

async function missing(store: Store, ids: readonly string[]): Promise<readonly string[]> {
  const rows = await store.objects(ids.map((id) => ({ object: 'InventorySubscription', id })));
  return ids.filter((_, index) => rows[index] === undefined);
}

async function* ownersOf(store: Store, kind: string): AsyncGenerator<readonly string[]> {
  for (let after = ''; ;) {
    const ids = await store.ids(kind, { after, limit: page });
    const owners = [...new Set(ids.map((id) => id.split('/', 1)[0]!))];
    yield owners;
    if (ids.length < page) return;
    // However many documents the last one has.
    after = owners.at(-1)! + behind;
  }
}
