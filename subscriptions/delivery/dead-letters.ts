import type { Value } from '#schema/change.js';
import type { DeadLetterPage } from '#schema/delivery.js';
import { formatPosition, type Position } from '#schema/position.js';
import type { Lease, Store } from '#platform/store/store.js';
import { kinds } from './documents.js';

/** A notification that was given up, as it is stored. */
export interface DeadLetter {
  readonly notificationId: string;
  readonly position: string;
  readonly at: string;
  readonly reason: string;
  readonly attempts: number;
  /** The text that was posted. */
  readonly body: string;
}

const most = 1000;
/** Dropped at once; what is above the bound after its setting was lowered goes with the next ones. */
const atOnce = 100;
const digits = 16;

/** What a backup brings may be of another log, whose numbers say nothing here: it stands before all of this log, as older. */
export const ofBackup = '0';
const ofThisLog = '1';

// A place in the log has 15 digits at most.
function deadLetterId({ seq }: Pick<Position, 'seq'>): string {
  return `${ofThisLog}${String(seq).padStart(digits - 1, '0')}`;
}

/**
 * Says what came of it: `fenced` when the fence no longer holds. One that was written before is written over; `replaced` when
 * that was of another notification, whose place a failover took away.
 */
export async function writeDeadLetter(
  store: Store,
  id: string,
  letter: Omit<DeadLetter, 'position'> & { readonly position: Position },
  fence: Lease,
): Promise<'written' | 'replaced' | 'fenced'> {
  const key = `${id}/${deadLetterId(letter.position)}`;
  const value: Value = { ...letter, position: formatPosition(letter.position) };
  const before = await store.get(kinds.deadLetter, key);
  if ((await store.put(kinds.deadLetter, key, value, before?.revision ?? 0, { fence })) === undefined) return 'fenced';
  return before && before.value['notificationId'] !== letter.notificationId ? 'replaced' : 'written';
}

export async function readDeadLetter(store: Store, id: string, letterId: string) {
  const stored = await store.get(kinds.deadLetter, `${id}/${letterId}`);
  return stored && { stored, letter: stored.value as unknown as DeadLetter };
}

/** Ids of dead letters behind `after`, oldest first. */
export async function deadLetterIds(store: Store, id: string, after = '', limit = most): Promise<readonly string[]> {
  const range = { prefix: `${id}/`, after: `${id}/${after}`, limit };
  return (await store.ids(kinds.deadLetter, range)).map(letterIdOf);
}

export function countDeadLetters(store: Store, id: string): Promise<number> {
  return store.count(kinds.deadLetter, `${id}/`);
}

/** Drops the oldest of a subscription that has more than `most`; says how many. */
export async function dropOldest(store: Store, id: string, most: number, fence: Lease): Promise<number> {
  const surplus = (await countDeadLetters(store, id)) - most;
  if (surplus <= 0) return 0;
  const oldest = await store.list(kinds.deadLetter, { prefix: `${id}/`, limit: Math.min(surplus, atOnce) });
  const how = { fence, loose: true } as const;
  const dropped = await Promise.all(oldest.map((each) => store.remove(each.kind, each.id, each.revision, how)));
  return dropped.filter(Boolean).length;
}

export async function pageOfDeadLetters(
  store: Store,
  id: string,
  { after = '', first }: { readonly after?: string; readonly first: number },
): Promise<DeadLetterPage> {
  const range = { prefix: `${id}/`, after: `${id}/${after}`, limit: first + 1 };
  const found = await store.list(kinds.deadLetter, range);
  const items = found.slice(0, first).map((stored) => {
    const { body, ...letter } = stored.value as unknown as DeadLetter;
    return {
      deadLetterId: letterIdOf(stored.id),
      ...letter,
      body: JSON.parse(body) as DeadLetterPage['items'][0]['body'],
    };
  });
  return { items, ...(found.length > first && items.length > 0 && { next: items.at(-1)!.deadLetterId }) };
}

export function letterIdOf(id: string): string {
  return id.slice(-digits);
}
