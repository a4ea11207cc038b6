import type { ChangeKind, StoredObject, Value } from '#schema/change.js';
import { origin, type Position } from '#schema/position.js';
import type { Append, Appended, Entry, Store } from '#platform/store/store.js';

/** A store that holds nothing yet, and how to open what it holds once more after closing it. */
export interface Opened {
  readonly store: Store;
  reopen(): Promise<Store>;
}
export type Open = () => Promise<Opened>;

type State = Omit<StoredObject, 'position'>;

export function state(id: string, value: Value, more: Partial<State> = {}): State {
  const same = { object: 'ResourcePool', tenant: null, instance: 'east', identity: `native-${id}`, projection: 'p1' };
  return { ...same, id, value, ...more };
}

/** An entry whose `after` agrees with it; `more` overrides single fields of the object. */
export function entry(
  change: ChangeKind,
  id: string,
  value: Value,
  more: Partial<State> = {},
  marks: string[] = [],
): Entry {
  const after = state(id, value, more);
  const { object, tenant, instance } = after;
  const place = { change, object, id, tenant, instance, baseline: false, marks };
  return change === 'deleted' ? { ...place, reversePatch: value } : { ...place, after };
}

export type Written = Appended & { readonly outcome: 'appended' };

/** Appends, and throws when the store refuses. */
export async function write(store: Store, append: Append): Promise<Written> {
  const appended = await store.append(append);
  if (appended.outcome !== 'appended') throw new Error(`Refused: ${JSON.stringify(appended)}`);
  return appended;
}

export async function writeOne(store: Store, one: Entry): Promise<Position> {
  return (await write(store, { entries: [one] })).positions[0]!;
}

/** Everything after `from`; throws when the log does not read on from there. */
export async function readAll(store: Store, from: Position = origin, limit = 1000) {
  const read = await store.read(from, limit);
  if (read.outcome !== 'read') throw new Error(`The log is ${read.outcome} at ${from.seq}.`);
  return read.changes;
}

/** One object of the type most tests use. */
export async function find(store: Store, id: string, object = 'ResourcePool'): Promise<StoredObject | undefined> {
  return (await store.objects([{ object, id }]))[0];
}

export async function collect<T>(chunks: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const chunk of chunks) all.push(...chunk);
  return all;
}

/** Asks until the answer is there; a store that never gives it fails the test by its timeout. */
export async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
