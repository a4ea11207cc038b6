import type { DeadLetterLine } from '#schema/backup.js';
import type { Clock } from '#platform/clock.js';
import type { Store } from '#platform/store/store.js';
import { letterIdOf, ofBackup } from './delivery/dead-letters.js';
import { kinds, progressOf, type Progress } from './delivery/documents.js';

interface Around {
  readonly store: Store;
  readonly clock: Clock;
}

/** For how long dead letters may follow their subscription, also where a restore that broke off is repeated, milliseconds. */
const follow = 3_600_000;

/**
 * Writes the dead letters of subscriptions that this backup brought, and returns how many; a letter that is missing from another
 * subscription was delivered, or made room for newer ones. They come in the order of their ids, as a backup has them. Those
 * without an id, which older releases wrote, are all taken for one.
 */
export async function bringLetters(
  around: Around,
  backupId: string | undefined,
  lines: readonly DeadLetterLine[],
): Promise<number> {
  let brought = 0;
  for (const [id, letters] of Map.groupBy(lines, subscriptionOf))
    brought += await bringTo(around, { id, backupId }, letters);
  return brought;
}

function subscriptionOf({ id }: DeadLetterLine): string {
  return id.slice(0, id.lastIndexOf('/'));
}

interface To {
  readonly id: string;
  readonly backupId: string | undefined;
}

async function bringTo(
  { store, clock }: Around,
  { id, backupId }: To,
  letters: readonly DeadLetterLine[],
): Promise<number> {
  const [[stands], delivery] = await Promise.all([
    store.objects([{ object: 'InventorySubscription', id }]),
    store.get(kinds.delivery, id),
  ]);
  const { restored, restoredFrom }: Partial<Progress> = delivery ? progressOf(delivery.value) : {};
  if (!stands || restored === undefined || restoredFrom !== backupId) return 0;
  if (clock.now() - Date.parse(restored) > follow) return 0;
  // Of this restoration alone: a mark that an earlier one left says nothing.
  const mark = `${id}/${restored}`;
  const noted = await store.get(kinds.brought, mark);
  const upTo = String(noted?.value['upTo'] ?? '');
  const missing = letters.filter((letter) => letter.id > upTo);
  let brought = 0;
  for (const letter of missing) {
    if (await store.get(kinds.deadLetter, letter.id)) continue;
    const key = `${id}/${ofBackup}${letterIdOf(letter.id).slice(1)}`;
    if ((await store.put(kinds.deadLetter, key, letter.value, 0)) !== undefined) brought += 1;
  }
  // Behind the letters: cut short, some are brought twice rather than none. Of two restores at a time one notes its end.
  const last = missing.at(-1);
  if (last) await store.put(kinds.brought, mark, { upTo: last.id }, noted?.revision ?? 0);
  return brought;
}
