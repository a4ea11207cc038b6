import type { Store } from '#platform/store/store.js';
import { removeDeadLetters } from './dead-letters.js';
import { kinds, shardOf } from './documents.js';

const attempts = 10;
/** Ids that are read at once. */
const page = 1000;
/** Behind every id that begins with a subscription and a slash. */
const behind = '/\u{10ffff}';

/** Forgets everything of a subscription that is gone; what tells of it goes last, so that a crash leaves nothing unfound. */
export async function end(store: Store, id: string): Promise<void> {
  await removeDeadLetters(store, id);
  const orders = await store.list(kinds.replay, { prefix: `${id}/` });
  await Promise.all(orders.map((order) => store.remove(kinds.replay, order.id, order.revision)));
  for (const kind of [kinds.secret, kinds.delivery]) await removeAny(store, kind, id);
}

/** Removes a document that others may still be writing. */
async function removeAny(store: Store, kind: string, id: string): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const stored = await store.get(kind, id);
    if (!stored || (await store.remove(kind, id, stored.revision))) return;
  }
}

/** Subscriptions of some shards that do not stand, although something is kept of them. */
export async function orphans(store: Store, shards: ReadonlySet<number>): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const kind of [kinds.delivery, kinds.secret, kinds.replay, kinds.deadLetter])
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
