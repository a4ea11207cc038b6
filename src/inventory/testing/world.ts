import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NativeEvent } from '#adapters/contract.js';
import { manualClock, type ManualClock } from '#platform/testing/manual-clock.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import type { Change } from '#schema/change.js';
import type { FakeBackend, Reading } from './fake-backend.js';
import { changesIn, openHouse, replayed, shownBy } from './house.js';

/** From the backend to the view, with a clock that stands still and a store that fails on demand. */
export interface World {
  readonly clock: ManualClock;
  /** Feeds what the backend answered to a write; what becomes of it is the watcher's affair. */
  observe(events: readonly NativeEvent[], began: number): void;
  /** Lets the next append fail, before it is written or after. */
  failNext(after: boolean): void;
  restart(): Promise<void>;
  /** Resolves when nothing moves any more. */
  idle(): Promise<void>;
  changes(): Promise<readonly Change[]>;
  /** Description by id of everything in the view. */
  shown(): Record<string, string>;
  /** The same from the log alone. */
  replayed(): Promise<Record<string, string>>;
  close(): Promise<void>;
}

interface Faults {
  calls: number;
  sum: number;
  next: 'before' | 'after' | undefined;
}

export async function openWorld(backend: FakeBackend, reading: Reading): Promise<World> {
  const memory = await openEmbeddedStore({ memory: true });
  const faults: Faults = { calls: 0, sum: 0, next: undefined };
  const store = guarded(memory, faults);
  const clock = manualClock();
  let house = await openHouse(store, backend, { reading, clock });
  return {
    clock,
    observe(events, began) {
      house.watcher.observe(events, AbortSignal.timeout(60_000), began).catch(() => undefined);
    },
    failNext: (after) => (faults.next = after ? 'after' : 'before'),
    async restart() {
      await house.close();
      house = await openHouse(store, backend, { reading, clock });
    },
    async idle() {
      for (let quiet = 0, seen = -1; quiet < 6;) {
        await nextTurn();
        quiet = faults.calls === 0 && seen === faults.sum ? quiet + 1 : 0;
        seen = faults.sum;
      }
      await house.view.reached(await memory.head());
    },
    changes: () => changesIn(memory),
    shown: () => shownBy(house.rows()),
    replayed: () => replayed(memory),
    async close() {
      await house.close();
      await memory.close();
    },
  };
}

/** The store, with its calls counted and one append that fails on demand. */
function guarded(store: Store, faults: Faults): Store {
  const counted = <A extends unknown[], T>(call: (...given: A) => Promise<T>) => {
    return async (...given: A): Promise<T> => {
      faults.calls += 1;
      faults.sum += 1;
      try {
        return await call(...given);
      } finally {
        faults.calls -= 1;
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
