import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NativeEvent } from '#adapters/contract.js';
import { manualClock, type ManualClock } from '#platform/clock.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import type { Change } from '#schema/change.js';
import { origin, type Position } from '#schema/position.js';
import type { Scope } from '#schema/scope.js';
import { coverage } from '#subscriptions/coverage.js';
import { feed } from '#subscriptions/feed.js';
import { watch, type Watcher } from '#subscriptions/watcher.js';
import { openView, type View } from '../view.js';
import { instance, oCloudId, type FakeBackend, type Reading } from './fake-backend.js';
import { rowsOf } from '../page.js';

export const everything: Scope = { tenant: undefined, permissions: new Set(), key: '*' };

/** From the backend to the view, with a clock that stands still. */
export interface World {
  readonly clock: ManualClock;
  readonly view: View;
  /** Feeds what the backend answered to a write; what becomes of it is the watcher's affair. */
  observe(events: readonly NativeEvent[], began: number): void;
  /** Lets the next append fail, before it is written or after. */
  failNext(after: boolean): void;
  restart(): Promise<void>;
  /** Resolves when nothing moves any more. */
  idle(): Promise<void>;
  changes(from: Position): Promise<readonly Change[]>;
  /** Description by id of everything in the view. */
  shown(): Record<string, string>;
  /** The same from the log alone. */
  replayed(): Promise<Record<string, string>>;
  close(): Promise<void>;
}

export async function openWorld(backend: FakeBackend, reading: Reading): Promise<World> {
  const memory = await openEmbeddedStore({ memory: true });
  const busy = { calls: 0, sum: 0 };
  const faults = { next: undefined as 'before' | 'after' | undefined };
  const store = guarded(memory, busy, faults);
  const clock = manualClock();
  const view = await openView(memory, (_message, error) => {
    throw error;
  });
  const begin = () => beginWatching(backend, reading, { store, clock });
  let watcher = begin();
  const idle = async () => {
    for (let quiet = 0, seen = -1; quiet < 6;) {
      await nextTurn();
      quiet = busy.calls === 0 && seen === busy.sum ? quiet + 1 : 0;
      seen = busy.sum;
    }
    await view.reached(await memory.head());
  };
  return {
    clock,
    view,
    observe(events, began) {
      watcher.observe(events, AbortSignal.timeout(60_000), began).catch(() => undefined);
    },
    failNext: (after) => (faults.next = after ? 'after' : 'before'),
    async restart() {
      await watcher.stop();
      watcher = begin();
    },
    idle,
    changes: (from) => allChanges(memory, from),
    shown: () => Object.fromEntries(rowsIn(view).map(({ id, value }) => [id, value['description'] as string])),
    async replayed() {
      const state: Record<string, string> = {};
      for (const { id, after } of await allChanges(memory, origin)) {
        if (after) state[id] = after.value['description'] as string;
        else delete state[id];
      }
      return state;
    },
    async close() {
      await watcher.stop();
      view.stop();
      await memory.close();
    },
  };
}

function beginWatching(backend: FakeBackend, reading: Reading, on: { store: Store; clock: ManualClock }): Watcher {
  const account = coverage();
  account.expect(instance, ['Resource', 'ResourcePool'], new Set());
  const connection = backend.connection(reading);
  const source = { instance, projection: 'p1', ...(connection.newer && { newer: connection.newer }) };
  const around = { ...on, feed: feed(on.store, () => on.clock.now()), coverage: account, log: () => undefined };
  return watch({ source, connection, oCloudId }, around);
}

function rowsIn(view: View) {
  return (['Resource', 'ResourcePool'] as const).flatMap((object) =>
    view
      .kind(object)
      .all.visible(everything)
      .flatMap((list) => [...rowsOf([...list.runs(undefined)])]),
  );
}

async function allChanges(store: Store, from: Position): Promise<readonly Change[]> {
  const read = await store.read(from, 100_000);
  if (read.outcome !== 'read') throw new Error(`The log is ${read.outcome}.`);
  return read.changes;
}

/** The store, with its calls counted and one append that fails on demand. */
function guarded(
  store: Store,
  busy: { calls: number; sum: number },
  faults: { next: 'before' | 'after' | undefined },
): Store {
  const counted = <A extends unknown[], T>(call: (...given: A) => Promise<T>) => {
    return async (...given: A): Promise<T> => {
      busy.calls += 1;
      busy.sum += 1;
      try {
        return await call(...given);
      } finally {
        busy.calls -= 1;
      }
    };
  };
  return {
    ...store,
    head: counted(() => store.head()),
    objects: counted((keys) => store.objects(keys)),
    get: counted((kind, id) => store.get(kind, id)),
    put: counted((...given) => store.put(...given)),
    append: counted(async (append) => {
      const fault = faults.next;
      faults.next = undefined;
      if (fault === 'before') throw new Error('The disk is full.');
      const appended = await store.append(append);
      if (fault === 'after') throw new Error('Nobody knows whether it was written.');
      return appended;
    }),
  };
}
