import { systemClock, type Clock } from '#platform/clock.js';
import type { Store } from '#platform/store/store.js';
import type { Change } from '#schema/change.js';
import { origin } from '#schema/position.js';
import { coverage, type Coverage } from '#subscriptions/coverage.js';
import { feed } from '#subscriptions/feed.js';
import { watch, type Watcher } from '#subscriptions/watcher.js';
import { rowsOf } from '../page.js';
import type { Row } from '../row.js';
import { openView, type View } from '../view.js';
import { instance, oCloudId, type FakeBackend, type Reading } from './fake-backend.js';
import { everything } from './rows.js';

/** From a backend to the view, over a store. */
export interface House {
  readonly view: View;
  readonly coverage: Coverage;
  readonly watcher: Watcher;
  rows(): readonly Row[];
  /** Leaves the store open. */
  close(): Promise<void>;
}

export interface HouseOptions {
  readonly reading: Reading;
  readonly clock?: Clock;
  readonly projection?: string;
}

export async function openHouse(
  store: Store,
  backend: FakeBackend,
  { reading, clock = systemClock, projection = 'p1' }: HouseOptions,
): Promise<House> {
  const view = await openView(store, (_message, error) => {
    throw error;
  });
  const account = coverage();
  account.expect(instance, ['Resource', 'ResourcePool'], new Set());
  const connection = backend.connection(reading);
  const source = { instance, projection, ...(connection.newer && { newer: connection.newer }) };
  const around = { store, clock, feed: feed(store, () => clock.now()), coverage: account, log: () => undefined };
  const watcher = watch({ source, connection, oCloudId }, around);
  return {
    view,
    coverage: account,
    watcher,
    rows: () =>
      (['Resource', 'ResourcePool'] as const).flatMap((object) => {
        const lists = view.kind(object).all.visible(everything);
        return lists.flatMap((list) => [...rowsOf([...list.runs(undefined)])]);
      }),
    async close() {
      await watcher.stop();
      view.stop();
    },
  };
}

/** The whole log. */
export async function changesIn(store: Store): Promise<readonly Change[]> {
  const read = await store.read(origin, 1_000_000);
  if (read.outcome !== 'read') throw new Error(`The log is ${read.outcome}.`);
  return read.changes;
}

/** Descriptions by id, from the log alone. */
export async function replayed(store: Store): Promise<Record<string, string>> {
  const state: Record<string, string> = {};
  for (const { id, after } of await changesIn(store)) {
    if (after) state[id] = after.value['description'] as string;
    else delete state[id];
  }
  return state;
}

/** Descriptions by id. */
export function shownBy(rows: readonly Row[]): Record<string, string> {
  return Object.fromEntries(rows.map(({ id, value }) => [id, value['description'] as string]));
}
