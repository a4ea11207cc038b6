import { setTimeout as sleep } from 'node:timers/promises';
import type { Store, StoredDocument } from '#platform/store/store.js';

/** An address or a name that others reach a process by. */
export interface Listening {
  readonly host: string;
  readonly port: number;
}

/** Which gateways share the store: each writes a document of its own again and again, and is there while that moves. */
export interface Presence {
  /** Looks who is there and, now and then, says that we are. */
  tick(): Promise<void>;
  /** `unknown`: it has not been looked at for long enough. */
  of(holder: string | undefined): 'here' | 'gone' | 'unknown';
  /** When it was last known to be there, milliseconds since 1970. */
  heard(holder: string): number | undefined;
  /** Where the others listen, for as long as they may be there. */
  listeners(): readonly Listening[];
  /** How many others are there that watch. */
  watchers(): number;
  leave(): Promise<void>;
}

const kind = 'gateway';
const beatEvery = 2_000;
/** Less than a lease lives: when that lapses, those who may take it know that its holder is gone. */
const goneAfter = 6_000;
const lookEvery = 500;
/** When a document whose process is gone is removed by another one. */
const removedAfter = 60_000;

interface Seen {
  revision: number;
  watches: boolean;
  readonly listens: readonly Listening[];
  /** By our monotonic clock: when it was seen first, and when it moved. */
  readonly first: number;
  moved?: number;
  at?: number;
}

type Documents = Pick<Store, 'list' | 'put' | 'remove'>;

interface PresenceOptions {
  readonly holder: string;
  readonly watches: boolean;
  /** Where this process listens. */
  listens(): readonly Listening[];
}

/** By our own clock alone: those of other hosts may be wrong. */
export function presence(store: Documents, { holder, watches, listens }: PresenceOptions): Presence {
  const seen = new Map<string, Seen>();
  const opened = performance.now();
  let looked = false;
  let beaten = -Infinity;
  const since = (time: number) => performance.now() - time;
  const here = ({ moved }: Seen) => moved !== undefined && since(moved) < goneAfter;
  const note = ({ id, revision, value }: StoredDocument): void => {
    const before = seen.get(id);
    const now = performance.now();
    // Former releases do not say where they listen.
    const said = { watches: value['watches'] === true, listens: (value['listens'] ?? []) as readonly Listening[] };
    const each: Seen = { ...(before ?? { revision, first: now }), ...said };
    // What is there from the start may be left from a process that was killed.
    if (before ? before.revision !== revision : looked) Object.assign(each, { revision, moved: now, at: Date.now() });
    seen.set(id, each);
  };
  const removeGone = async (documents: readonly StoredDocument[]): Promise<void> => {
    for (const { id, revision } of documents) {
      const { moved, first } = seen.get(id)!;
      if (since(moved ?? first) > removedAfter) await store.remove(kind, id, revision, { loose: true });
    }
  };
  return {
    async tick() {
      const documents = (await store.list(kind)).filter(({ id }) => id !== holder);
      documents.forEach(note);
      const ids = new Set(documents.map(({ id }) => id));
      for (const id of seen.keys()) if (!ids.has(id)) seen.delete(id);
      looked = true;
      await removeGone(documents);
      if (since(beaten) < beatEvery) return;
      const asked = performance.now();
      const [own] = await store.list(kind, { prefix: holder, limit: 1 });
      await store.put(kind, holder, { watches, listens: listens() }, own?.revision ?? 0, { loose: true });
      beaten = asked;
    },
    of(other) {
      const known = other === undefined ? undefined : seen.get(other);
      if (known && here(known)) return 'here';
      return since(known && known.moved === undefined ? known.first : opened) < goneAfter ? 'unknown' : 'gone';
    },
    heard: (other) => seen.get(other)?.at,
    listeners: () => [...seen.values()].flatMap((each) => each.listens),
    watchers: () => [...seen.values()].filter((each) => here(each) && each.watches).length,
    async leave() {
      const [own] = await store.list(kind, { prefix: holder, limit: 1 });
      if (own) await store.remove(kind, holder, own.revision, { loose: true });
    },
  };
}

/**
 * Looks from outside whether gateways share the store. Undefined when one is there; else, once all that one which was killed
 * left has stood still for long enough, what says whether that is still so.
 */
export async function nobodyThere(store: Pick<Store, 'list'>): Promise<(() => Promise<boolean>) | undefined> {
  const left = new Map((await store.list(kind)).map(({ id, revision }) => [id, revision]));
  const still = async () => (await store.list(kind)).every(({ id, revision }) => left.get(id) === revision);
  const began = performance.now();
  while (left.size > 0 && performance.now() - began < goneAfter) {
    await sleep(lookEvery);
    if (!(await still())) return undefined;
  }
  return still;
}
