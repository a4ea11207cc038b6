import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeEvent } from '#adapters/contract.js';
import { manualClock, type ManualClock } from '#platform/testing/manual-clock.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Change } from '#schema/change.js';
import { coverage } from '#subscriptions/coverage.js';
import { feed, type Synced } from '#subscriptions/feed.js';
import type { Presence } from '#subscriptions/presence.js';
import { watch } from '#subscriptions/watcher.js';
import { watching, type Watching } from '#subscriptions/watching.js';
import { openView } from '../view.js';
import type { Store } from '#platform/store/store.js';
import { instance, oCloudId, type FakeBackend, type Reading } from './fake-backend.js';
import { changesIn } from './house.js';

/** One process watches a backend, another one only writes to it; the first may be replaced while it still believes to watch. */
export interface TwoProcesses {
  readonly clock: ManualClock;
  /** Hands over what the backend answered to a write through the process that does not watch. */
  write(events: readonly NativeEvent[], began: number, signal: AbortSignal): Promise<Synced>;
  /** The same through the process that watches. */
  writeHere(events: readonly NativeEvent[], began: number, signal: AbortSignal): Promise<Synced>;
  /** A new process takes over: after the old one has stopped, or behind the back of one that goes on. */
  takeOver(how: 'stopped' | 'unaware'): Promise<void>;
  /** What the view shows at a position: descriptions by id. */
  shown(): Readonly<Record<string, string>>;
  /** Lets everything happen that needs no permission of the test. */
  idle(): Promise<void>;
  changes(): Promise<readonly Change[]>;
  close(): Promise<void>;
}

const alone: Presence = {
  tick: () => Promise.resolve(),
  of: () => 'gone',
  heard: () => undefined,
  listeners: () => [],
  watchers: () => 0,
  leave: () => Promise.resolve(),
};

export async function openTwoProcesses(backend: FakeBackend, reading: Reading): Promise<TwoProcesses> {
  const store = await openEmbeddedStore({ memory: true });
  // Later than the second by which clocks may differ.
  const clock = manualClock(1_000_000);
  const view = await openView(store, (_message, error) => {
    throw error;
  });
  const started: Watching[] = [];
  const start = (name: string, watches: boolean): Watching => {
    const process = startProcess({ store, clock, backend, reading, name, watches });
    started.push(process);
    return process;
  };
  let watcher = start('first', true);
  const writer = start('writer', false);
  await watcher.tick();
  const idle = async () => {
    for (let quiet = 0, seen = -1; quiet < 2;) {
      await sleep(3);
      const { seq } = await store.head();
      quiet = seen === seq ? quiet + 1 : 0;
      seen = seq;
    }
    await view.reached(await store.head());
  };
  return {
    clock,
    write: (events, began, signal) => writer.observe(instance, events, signal, began),
    writeHere: (events, began, signal) => watcher.observe(instance, events, signal, began),
    async takeOver(how) {
      if (how === 'stopped') await watcher.stop();
      else await store.release(watcher.leaseOf(instance)!);
      watcher = start(`next-${started.length}`, true);
      await watcher.tick();
    },
    shown() {
      const rows = (['Resource', 'ResourcePool'] as const).flatMap((object) => [...view.kind(object).unordered]);
      return Object.fromEntries(rows.flatMap((row) => (row ? [[row.id, row.value['description'] as string]] : [])));
    },
    idle,
    changes: () => changesIn(store),
    async close() {
      for (const each of started) await each.stop();
      view.stop();
      await store.close();
    },
  };
}

interface Started {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly backend: FakeBackend;
  readonly reading: Reading;
  readonly name: string;
  readonly watches: boolean;
}

function startProcess({ store, clock, backend, reading, name, watches }: Started): Watching {
  const connection = backend.connection(reading);
  const source = { instance, projection: 'p1', ...(connection.newer && { newer: connection.newer }) };
  const account = coverage();
  account.expect(instance, ['Resource', 'ResourcePool'], new Set());
  const around = { store, clock, feed: feed(store, () => clock.now()), coverage: account, log: () => undefined };
  return watching({
    ...around,
    presence: alone,
    holder: name,
    ttl: 600_000,
    watches,
    now: () => clock.now(),
    instances: () => [instance],
    begin: (_instance, fence) => watch({ source, connection, oCloudId, fence }, around),
    idle: () => 0,
  });
}
