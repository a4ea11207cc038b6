import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Entry, Store } from '#platform/store/store.js';
import { formatPosition, type Position } from '#schema/position.js';
import { openHub, type Hub } from '../live/hub.js';
import type { Seat, Stream, Told } from '../live/stream.js';

/** A store whose insides can be put in place of one another, as a failover does. */
export interface Swapped {
  readonly store: Store;
  swap(next: Store): Promise<void>;
}

export function swapped(first: Store): Swapped {
  let current = first;
  const wakes = new Set<() => void>();
  let stop = first.onAppend(() => wakes.forEach((wake) => wake()));
  const own: Partial<Store> = {
    onAppend(wake) {
      wakes.add(wake);
      return () => void wakes.delete(wake);
    },
  };
  const store = new Proxy({} as Store, {
    get: (_target, name: keyof Store) => own[name] ?? current[name].bind(current),
  });
  return {
    store,
    async swap(next) {
      stop();
      const former = current;
      current = next;
      stop = next.onAppend(() => wakes.forEach((wake) => wake()));
      await former.close();
      wakes.forEach((wake) => wake());
    },
  };
}

/** What one listener was told, and how much it takes. */
export interface Listener {
  readonly heard: Told<string>[];
  readonly ended: string[];
  /** How many it takes before it has to rest. */
  room: number;
  /** Takes so many again. */
  rest(room: number): void;
  leave(): void;
  readonly seat: Seat;
}

/** Listeners around one hub. */
export interface Audience {
  readonly hub: Hub;
  readonly failures: unknown[];
  /** Appends changes of the object `id`; answers their positions. */
  happen(...ids: readonly string[]): Promise<readonly Position[]>;
  append(entries: readonly Entry[]): Promise<readonly Position[]>;
  listen(stream?: Partial<Stream<string>>, since?: Position, room?: number): Listener;
  /** How often a text was made. */
  readonly made: { count: number };
  close(): Promise<void>;
}

/** Its view has `reached` every position at once, unless that is given. */
export async function audience(
  store: Store,
  reached: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Audience> {
  const failures: unknown[] = [];
  const made = { count: 0 };
  const hub = await openHub({
    store,
    reached,
    failed: (_message, error) => failures.push(error),
    recent: { entries: 16, bytes: 1024 * 1024 },
  });
  const append = async (entries: readonly Entry[]) => {
    const appended = await store.append({ entries });
    if (appended.outcome !== 'appended') throw new Error(appended.outcome);
    return appended.positions;
  };
  return {
    hub,
    failures,
    made,
    happen: (...ids) => append(ids.map(entryOf)),
    append,
    listen: (given = {}, since = undefined, room = Infinity) =>
      listenTo(hub, { ...alike(made), ...given }, since, room),
    async close() {
      hub.stop();
      await store.close();
    },
  };
}

function alike(made: { count: number }): Stream<string> {
  return {
    key: 'all',
    wants: () => true,
    tell({ change }) {
      made.count += 1;
      return Promise.resolve(`${change.id} ${formatPosition(change.position)}`);
    },
  };
}

function listenTo(hub: Hub, stream: Stream<string>, since: Position | undefined, room: number): Listener {
  let waiting: (() => void) | undefined;
  const listener: Listener = {
    heard: [],
    ended: [],
    room,
    rest(next) {
      listener.room = next;
      const then = waiting;
      waiting = undefined;
      then?.();
    },
    leave: () => seat.leave(),
    get seat() {
      return seat;
    },
  };
  const seat: Seat = hub.join<string>(
    stream,
    {
      take(told) {
        const taken = told.slice(0, listener.room);
        listener.room -= taken.length;
        listener.heard.push(...taken);
        return taken.length;
      },
      whenRoom: (then) => (waiting = then),
      end: ({ code }) => void listener.ended.push(code),
    },
    since,
  );
  return listener;
}

function entryOf(id: string): Entry {
  return {
    change: 'deleted',
    object: 'Resource',
    id,
    tenant: null,
    instance: 'east',
    baseline: false,
    reversePatch: { resourceId: id },
    marks: [],
  };
}

export function memory(): Promise<Store> {
  return openEmbeddedStore({ memory: true });
}
