import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Cursor, NativeBatch } from '#adapters/contract.js';
import { materialise, type Materialiser, type ObjectEvent } from '#adapters/kit/materialise.js';
import type { Store } from '#platform/store/store.js';
import type { Coverage } from './coverage.js';
import type { Feed, Source, Synced } from './feed.js';

/** An instance under watch. */
export interface Watched {
  readonly source: Source;
  readonly connection: Connection;
  readonly oCloudId: string;
}

export interface Watcher {
  /** Feeds what a backend answered to a write through the same projections; resolves when readable. */
  observe(events: NativeBatch['events']): Promise<Synced & { readonly objects: readonly ObjectEvent[] }>;
  /** Resolves when the loop has ended. */
  stop(): Promise<void>;
}

interface Surroundings {
  readonly feed: Feed;
  readonly store: Store;
  readonly coverage: Coverage;
  log(level: 'info' | 'warn', message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Where the next round goes on; undefined: with a full list. */
interface Place {
  cursor: Cursor | undefined;
}

const shortest = 800;
const longest = 30_000;
const recheckHeld = 30_500;

/** Reads one backend instance for ever: watches or polls, materialises, syncs; backs off with full jitter on every fault. */
export function watch(watched: Watched, around: Surroundings): Watcher {
  const stopped = new AbortController();
  const { source, connection } = watched;
  const materialiser = materialise(watched.oCloudId, source.instance, connection.project);
  const loop = run(watched, materialiser, around, stopped.signal);
  return {
    async observe(events) {
      const objects = materialiser.apply(events);
      return { ...(await around.feed.observe(source, objects)), objects };
    },
    async stop() {
      stopped.abort();
      await loop;
    },
  };
}

async function run(watched: Watched, materialiser: Materialiser, around: Surroundings, stopped: AbortSignal): Promise<void> {
  const { source, connection } = watched;
  // The digests of a new process are empty, so its first round is a full list; the cursor serves the rounds after it.
  const place: Place = { cursor: undefined };
  let delay = shortest;
  while (!stopped.aborted) {
    const round = new AbortController();
    const signal = AbortSignal.any([stopped, round.signal]);
    try {
      if (connection.watch) await readWatch(watched, materialiser, around, signal, place, () => round.abort());
      else await readPoll(watched, materialiser, around, signal);
      delay = shortest;
      await sleep(connection.watch ? shortest : (connection.pollInterval ?? longest), undefined, { signal: stopped }).catch(() => undefined);
    } catch (error) {
      if (stopped.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      around.coverage.away(source.instance, reason);
      around.log('warn', 'A backend cannot be read; retrying.', { instance: source.instance, reason, within: delay });
      await sleep(Math.random() * delay, undefined, { signal: stopped }).catch(() => undefined);
      delay = Math.min(delay * 2, longest);
    }
  }
}

async function readWatch(watched: Watched, materialiser: Materialiser, around: Surroundings, signal: AbortSignal, place: Place, restart: () => void): Promise<void> {
  const { source, connection } = watched;
  let recheck: NodeJS.Timeout | undefined;
  const listAgain = () => {
    place.cursor = undefined;
    restart();
  };
  try {
    for await (const batch of connection.watch!(signal, place.cursor)) {
      place.cursor = batch.cursor ?? place.cursor;
      const events = materialiser.apply(batch.events);
      const synced = await around.feed.sync(source, { events, ...(batch.cursor ? { cursor: batch.cursor } : {}) });
      note(events, source, around, synced);
      if (synced.held > 0) recheck ??= setTimeout(listAgain, recheckHeld);
    }
  } finally {
    clearTimeout(recheck);
  }
}

async function readPoll(watched: Watched, materialiser: Materialiser, around: Surroundings, signal: AbortSignal): Promise<void> {
  const since = await around.store.head();
  for await (const batch of watched.connection.list!(signal)) {
    const events = materialiser.apply(batch.events);
    note(events, watched.source, around, await around.feed.sync(watched.source, { events, since }));
  }
}

/** Keeps account of what is current; remembers in the store what was complete once. */
function note(events: readonly ObjectEvent[], source: Source, around: Surroundings, synced: Synced): void {
  const { coverage, feed } = around;
  for (const event of events) {
    if (event.type === 'stale') coverage.stale(source.instance, event.object, event.reason);
    else if (event.type === 'current') coverage.current(source.instance, event.object, feed.now());
    else if (event.type === 'complete' && synced.held === 0) coverage.synced(source.instance, event.object, feed.now());
    else if (event.type === 'complete') coverage.stale(source.instance, event.object, `${synced.held} objects vanished at once; waiting for a second list to confirm`);
  }
  if (events.some((event) => event.type === 'complete')) void remember(source, around);
}

/** Writes down which objects the instance has synced once: a restart then knows an absent object from an unread one. */
async function remember(source: Source, { store, coverage, log }: Surroundings): Promise<void> {
  try {
    const document = await store.get('instance', source.instance);
    const before = new Set((document?.value['synced'] as string[] | undefined) ?? []);
    const now = coverage.onceOf(source.instance);
    if (now.every((object) => before.has(object))) return;
    await store.put('instance', source.instance, { synced: [...new Set([...before, ...now])] }, document?.revision ?? 0);
    source.baseline = false;
  } catch (error) {
    log('warn', 'Could not note the first synchronisation.', { instance: source.instance, reason: String(error) });
  }
}
