import { Fault } from '#schema/errors.js';
import type { StoredObject } from '#schema/change.js';
import type { Position } from '#schema/position.js';
import type { Appended, Entry, Lease, Store } from '#platform/store/store.js';
import type { Cursor } from '#adapters/contract.js';
import type { ObjectEvent } from '#adapters/kit/materialise.js';
import { holdBack, type HoldBack } from './hold-back.js';
import { pins, type Pins } from './pins.js';
import { reconcile, type Circumstances } from './reconcile.js';

/** One instance as the feed knows it. */
export interface Source {
  readonly instance: string;
  readonly projection: string;
  newer?(a: string, b: string): boolean;
  /** True until the first complete sync on a store that held nothing of this instance. */
  baseline: boolean;
}

export interface SyncBatch {
  readonly events: readonly ObjectEvent[];
  readonly cursor?: Cursor;
  /** Head of the log noted before a poll began; absent for a watch. */
  readonly since?: Position;
  readonly fence?: Lease;
}

export interface Synced {
  /** Where the last entry stands; undefined when nothing changed. */
  readonly position?: Position;
  readonly appended: number;
  /** Deletions not believed yet. */
  readonly held: number;
}

/** The two ways in, and the only writers of mirrored objects. */
export interface Feed {
  /** What the watcher of an instance saw. */
  sync(source: Source, batch: SyncBatch): Promise<Synced>;
  /** What a backend answered to a write of ours, or pushed to us; applied before the caller is answered. */
  observe(source: Source, events: readonly ObjectEvent[]): Promise<Synced>;
  now(): number;
}

const batchSize = 500;

export function feed(store: Store, now: () => number = Date.now): Feed {
  const queues = new Map<string, Promise<unknown>>();
  const memories = new Map<string, { readonly held: HoldBack; readonly pins: Pins }>();
  const memoryOf = (instance: string) => {
    const memory = memories.get(instance) ?? { held: holdBack(), pins: pins() };
    memories.set(instance, memory);
    return memory;
  };
  /** One writer per instance at a time in this process; other processes are held off by compare-and-set. */
  const inTurn = <T>(instance: string, work: () => Promise<T>): Promise<T> => {
    const turn = (queues.get(instance) ?? Promise.resolve()).then(work, work);
    queues.set(instance, turn.catch(() => undefined));
    return turn;
  };

  async function write(source: Source, events: readonly ChangeEvent[], batch: Partial<SyncBatch>): Promise<Appended & { outcome: 'appended' }> {
    const { instance, projection, baseline } = source;
    const by: Circumstances = { instance, projection, baseline, ...(source.newer ? { newer: source.newer } : {}), ...(batch.since ? { since: batch.since } : {}) };
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const stored = await store.objects(events);
      const append = appendOf(events, stored, by);
      const appended = await store.append({
        ...append,
        ...(batch.cursor ? { cursor: { instance, cursor: batch.cursor } } : {}),
        ...(batch.fence ? { fence: batch.fence } : {}),
      });
      if (appended.outcome === 'appended') return appended;
      if (appended.outcome === 'fenced') throw new Fault('UNAVAILABLE', `Another process watches '${instance}' now.`);
    }
    throw new Fault('CONFLICT', `Objects of '${instance}' kept changing under 20 attempts to write them.`);
  }

  async function writeAll(source: Source, events: readonly ChangeEvent[], batch: Partial<SyncBatch>): Promise<Synced> {
    let appended = 0;
    let position: Position | undefined;
    for (let start = 0; start < events.length || start === 0; start += batchSize) {
      const part = events.slice(start, start + batchSize);
      const last = start + batchSize >= events.length;
      const { cursor, ...rest } = batch;
      const written = await write(source, part, last && cursor ? { ...rest, cursor } : rest);
      appended += written.positions.length;
      position = written.positions.at(-1) ?? position;
    }
    return { appended, held: 0, ...(position ? { position } : {}) };
  }

  /** Deletes what a complete list did not name. */
  async function losses(source: Source, complete: CompleteEvent, batch: SyncBatch): Promise<Synced> {
    const missing: StoredObject[] = [];
    let known = 0;
    for await (const chunk of store.objectsOf(source.instance)) {
      const ours = chunk.filter((stored) => stored.object === complete.object);
      known += ours.length;
      missing.push(...ours.filter((stored) => !complete.ids.has(stored.id)));
    }
    const { held: hold } = memoryOf(source.instance);
    const { deleted, held } = hold.admit(complete.object, missing.map((stored) => stored.id), known, now());
    const gone = deleted.map((id): ChangeEvent => ({ type: 'delete', object: complete.object, id }));
    if (gone.length === 0) return { appended: 0, held };
    const { cursor: _later, ...rest } = batch;
    return { ...(await writeAll(source, gone, rest)), held };
  }

  return {
    now,
    sync: (source, batch) =>
      inTurn(source.instance, async () => {
        const { pins: pinned } = memoryOf(source.instance);
        const changes = batch.events.filter((event): event is ChangeEvent => event.type === 'upsert' || event.type === 'delete');
        const admitted = source.newer ? changes : changes.filter((event) => pinned.admits(event.id, event.version, now()));
        const total = { ...(await writeAll(source, admitted, batch)) };
        for (const event of batch.events) {
          if (event.type !== 'complete') continue;
          const lost = await losses(source, event, batch);
          Object.assign(total, { appended: total.appended + lost.appended, held: total.held + lost.held, position: lost.position ?? total.position });
        }
        return total;
      }),
    observe: (source, events) =>
      inTurn(source.instance, async () => {
        const changes = events.filter((event): event is ChangeEvent => event.type === 'upsert' || event.type === 'delete');
        if (!source.newer) for (const event of changes) memoryOf(source.instance).pins.pin(event.id, event.version, now());
        return writeAll(source, changes, {});
      }),
  };
}

type ChangeEvent = Extract<ObjectEvent, { type: 'upsert' | 'delete' }>;
type CompleteEvent = Extract<ObjectEvent, { type: 'complete' }>;

/** Turns reports into one append. A later report of the same object in the batch is judged by the earlier one's outcome. */
function appendOf(events: readonly ChangeEvent[], stored: readonly (StoredObject | undefined)[], by: Circumstances) {
  const entries: Entry[] = [];
  const refreshed = new Map<string, StoredObject>();
  const expect = new Map<string, Position | undefined>();
  const current = new Map<string, StoredObject | undefined>();
  events.forEach((event, index) => {
    const before = current.has(event.id) ? current.get(event.id) : stored[index];
    const decision = reconcile(event, before, by);
    if (decision.kind === 'nothing') return;
    if (!expect.has(event.id)) expect.set(event.id, stored[index]?.position);
    if (decision.kind === 'refresh') {
      refreshed.set(event.id, decision.object);
      current.set(event.id, decision.object);
      return;
    }
    refreshed.delete(event.id);
    entries.push(decision.entry);
    const { after } = decision.entry;
    // Its position is not known before the append; what is judged next needs only value and version.
    current.set(event.id, after && { ...after, position: before?.position ?? { seq: 0, tag: '0' } });
  });
  return { entries, refreshed: [...refreshed.values()].filter((object) => !entries.some((entry) => entry.id === object.id)), expect };
}
