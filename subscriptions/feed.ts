import { setImmediate as nextTurn } from 'node:timers/promises';
import { Fault } from '#schema/errors.js';
import type { ObjectName } from '#schema/objects.js';
import type { Position } from '#schema/position.js';
import type { Appended, Lease, Store } from '#platform/store/store.js';
import type { ObjectEvent } from '#adapters/kit/materialise.js';
import { appendOf } from './append.js';
import { InstanceMemory } from './instance-memory.js';
import type { ChangeEvent, Circumstances } from './reconcile.js';

/** One instance as the feed knows it. */
export interface Source {
  readonly instance: string;
  readonly projection: string;
  newer?(a: string, b: string): boolean;
  /** What it may hold; what is stored of other objects (an earlier release projected them) goes with its next full list. */
  readonly objects?: readonly ObjectName[];
}

export interface SyncBatch {
  readonly events: readonly ObjectEvent[];
  /** Head of the log noted before the list began that listed events come from. */
  readonly since?: Position;
  readonly fence?: Lease;
}

export interface Synced {
  /** Where the last entry stands; of `observe` at least that of every earlier report of the instance. */
  readonly position?: Position;
  readonly appended: number;
  /** Objects whose deletion is not believed yet, by object. */
  readonly held: ReadonlyMap<string, number>;
  /** Listed reports that may be older than what somebody else has written meanwhile: only another list can tell. */
  readonly ignored: number;
}

/** The two ways in, and the only writers of mirrored objects. */
export interface Feed {
  /** What the watcher of an instance saw. Throws UNAVAILABLE when the fence no longer holds. */
  sync(source: Source, batch: SyncBatch): Promise<Synced>;
  /**
   * What a backend answered to a write of ours, or pushed to us; applied before the caller is answered. Throws UNAVAILABLE when
   * the fence no longer holds.
   */
  observe(source: Source, events: readonly ObjectEvent[], fence?: Lease): Promise<Synced>;
  /** Objects that the instance has synchronised completely once in the life of the store. */
  syncedOnce(instance: string): Promise<ReadonlySet<string>>;
  /** Forgets what is remembered of the store: its log was rewritten. */
  forget(instance: string): void;
  now(): number;
}

type CompleteEvent = Extract<ObjectEvent, { type: 'complete' }>;
type Written = Omit<Synced, 'held'>;

/** Reports in one append: a store that writes in this process takes about 5 ms for them. */
const batchSize = 100;
const attempts = 20;
const none: ReadonlyMap<string, number> = new Map();

export function feed(store: Store, now: () => number = Date.now): Feed {
  const memories = new Map<string, InstanceMemory>();
  const memoryOf = (instance: string): InstanceMemory => {
    let memory = memories.get(instance);
    if (!memory) memories.set(instance, (memory = new InstanceMemory(store, instance)));
    return memory;
  };
  const inTurn = turns();
  const write = writer(store);
  return {
    now,
    sync: (source, batch) =>
      inTurn(source.instance, async () => {
        const memory = memoryOf(source.instance);
        memory.listBegan(batch.since);
        const under = { memory, batch, ...(batch.fence && { fence: batch.fence }) };
        const written = await write(source, batch.events.filter(isChange), under);
        const completes = batch.events.filter((event) => event.type === 'complete');
        if (completes.length === 0) return { ...written, held: none };
        const { deletions, held } = await lossesOf(memory, completes, source, now());
        const lost = await write(source, deletions, under);
        await memory.completed(completes.flatMap(({ object }) => (held.has(object) ? [] : [object])));
        return { ...together(written, lost), held };
      }),
    observe: (source, events, fence) =>
      inTurn(source.instance, async () => {
        const memory = memoryOf(source.instance);
        const written = await write(source, events.filter(isChange), { memory, ...(fence && { fence }) });
        // Nothing to write means that somebody has written it already, somewhere before the head.
        return { ...written, held: none, position: written.position ?? (await store.head()) };
      }),
    syncedOnce: (instance) => inTurn(instance, () => memoryOf(instance).synced()),
    forget: (instance) => void memories.delete(instance),
  };
}

/** One writer per instance at a time in this process; other processes are held off by compare-and-set. */
function turns(): <T>(instance: string, work: () => Promise<T>) => Promise<T> {
  const queues = new Map<string, Promise<unknown>>();
  return (instance, work) => {
    const turn = (queues.get(instance) ?? Promise.resolve()).then(work, work);
    queues.set(
      instance,
      turn.catch(() => undefined),
    );
    return turn;
  };
}

/** What complete lists did not name, as deletions as far as it is believed. */
async function lossesOf(memory: InstanceMemory, completes: readonly CompleteEvent[], source: Source, now: number) {
  const { losses, deleted } = await memory.losses(completes, source.objects, now);
  const held = new Map<string, number>();
  const deletions: ChangeEvent[] = [];
  for (const { object, missing } of losses) {
    const ids = deleted.get(object)!;
    if (ids.length < missing.length) held.set(object, missing.length - ids.length);
    for (const id of ids) deletions.push({ type: 'delete', object: object as ObjectName, id, listed: true });
  }
  return { deletions, held };
}

function together(first: Written, second: Written): Written {
  const position = second.position ?? first.position;
  const [appended, ignored] = [first.appended + second.appended, first.ignored + second.ignored];
  return { appended, ignored, ...(position && { position }) };
}

function isChange(event: ObjectEvent): event is ChangeEvent {
  return event.type === 'upsert' || event.type === 'delete';
}

interface Under {
  readonly memory: InstanceMemory;
  /** Absent for reports that are not of a watcher. */
  readonly batch?: SyncBatch;
  readonly fence?: Lease;
}

/** Writes reports in batches, each against what is stored at that moment. */
function writer(store: Store): (source: Source, events: readonly ChangeEvent[], under: Under) => Promise<Written> {
  async function writeSome(events: readonly ChangeEvent[], by: Circumstances, fence: Lease | undefined) {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const { ignored, ...append } = appendOf(events, await store.objects(events), by);
      if (append.entries.length === 0 && append.refreshed.length === 0) return { ignored, append, positions: [] };
      const appended: Appended = await store.append({ ...append, ...(fence && { fence }) });
      if (appended.outcome === 'appended') return { ignored, append, positions: appended.positions };
      if (appended.outcome === 'fenced') throw new Fault('UNAVAILABLE', `Another process reads '${by.instance}' now.`);
    }
    throw new Fault('CONFLICT', `Objects of '${by.instance}' kept changing under ${attempts} attempts to write them.`);
  }

  return async (source, events, { memory, batch, fence }) => {
    const by = await circumstances(source, memory, batch);
    let total: Written = { appended: 0, ignored: 0 };
    for (let start = 0; start < events.length; start += batchSize) {
      const part = events.slice(start, start + batchSize);
      const { ignored, append, positions } = await writeSome(part, by, fence);
      memory.wrote(part, append.entries, positions, batch !== undefined);
      const position = positions.at(-1);
      total = together(total, { appended: positions.length, ignored, ...(position && { position }) });
      if (start + batchSize < events.length) await nextTurn();
    }
    return total;
  };
}

async function circumstances(
  source: Source,
  memory: InstanceMemory,
  batch: SyncBatch | undefined,
): Promise<Circumstances> {
  const { instance, projection, newer } = source;
  const synced = await memory.synced();
  const since = batch?.since;
  return {
    instance,
    projection,
    baseline: (object) => batch !== undefined && !synced.has(object),
    ...(newer && { newer: newer.bind(source) }),
    ...(since && { changedSince: (stored) => memory.changedSince(since, stored) }),
  };
}
