import type { StoredObject } from '#schema/change.js';
import type { ObjectName } from '#schema/objects.js';
import type { Position } from '#schema/position.js';
import type { Entry, Store, StoredDocument } from '#platform/store/store.js';
import type { ObjectEvent } from '#adapters/kit/materialise.js';
import { holdBack, type Loss } from './hold-back.js';
import type { ChangeEvent } from './reconcile.js';

type Complete = Omit<Extract<ObjectEvent, { type: 'complete' }>, 'type' | 'object'> & { readonly object: string };

const kind = 'instance';

/** What the feed remembers of one instance, so that a full list costs no full read of the store. */
export class InstanceMemory {
  readonly #store: Store;
  readonly #instance: string;
  readonly #holdBack = holdBack();
  /** Objects that were complete once in the life of the store; undefined until read. */
  #once: Set<string> | undefined;
  /** Ids of all that is stored, by object; read with the first complete list, kept up to date by what is written. */
  #known: Map<string, Set<string>> | undefined;
  /** Places in the log that the present list has written: entries of an append stand next to each other. */
  #own: { readonly from: number; to: number }[] = [];
  #since: number | undefined;

  constructor(store: Store, instance: string) {
    this.#store = store;
    this.#instance = instance;
  }

  /** Objects that were complete once in the life of the store. */
  async synced(): Promise<ReadonlySet<string>> {
    return (this.#once ??= await this.#readOnce());
  }

  /** Writes down that these are. */
  async completed(objects: readonly string[]): Promise<void> {
    const before = await this.synced();
    while (objects.some((object) => !before.has(object))) {
      const document = await this.#store.get(kind, this.#instance);
      const now = new Set([...before, ...syncedIn(document), ...objects]);
      const revision = await this.#store.put(kind, this.#instance, { synced: [...now] }, document?.revision ?? 0);
      if (revision === undefined) continue;
      this.#once = now;
      return;
    }
  }

  /**
   * What is stored and was named by no complete list, and which of it may be deleted now, by object. Of objects other than
   * `may` no list names any.
   */
  async losses(
    completes: readonly Complete[],
    may: readonly ObjectName[] | undefined,
    now: number,
  ): Promise<{ readonly losses: readonly Loss[]; readonly deleted: ReadonlyMap<string, readonly string[]> }> {
    const known = (this.#known ??= await this.#readKnown());
    const former = may ? [...known.keys()].filter((object) => !(may as readonly string[]).includes(object)) : [];
    const lists = [...completes, ...former.map((object) => ({ object, ids: new Set<string>() }))];
    const losses = lists.map(({ object, ids }): Loss => {
      const all = known.get(object) ?? new Set<string>();
      return { object, missing: [...all].filter((id) => !ids.has(id)), known: all.size };
    });
    return { losses, deleted: this.#holdBack.admit(losses, now) };
  }

  /** Every batch of a list names where that began; a new list forgets what the one before it wrote. */
  listBegan(since: Position | undefined): void {
    if (since?.seq === this.#since) return;
    this.#since = since?.seq;
    this.#own = [];
  }

  /** Whether somebody but the list itself has changed the object since the list began. */
  changedSince({ seq }: Position, { position }: StoredObject): boolean {
    return position.seq > seq && !this.#own.some(({ from, to }) => from <= position.seq && position.seq <= to);
  }

  /** Notes what an append came to; `watched`: whether it came from the watcher. */
  wrote(
    events: readonly ChangeEvent[],
    entries: readonly Entry[],
    positions: readonly Position[],
    watched: boolean,
  ): void {
    const [first, last] = [positions[0], positions.at(-1)];
    if (watched && first && last) this.#addOwn(first.seq, last.seq);
    if (!this.#known) return;
    for (const event of events) if (event.type === 'upsert') this.#idsOf(event.object).add(event.id);
    for (const { change, object, id } of entries) {
      if (change === 'deleted') this.#idsOf(object).delete(id);
      else this.#idsOf(object).add(id);
    }
  }

  #addOwn(from: number, to: number): void {
    const before = this.#own.at(-1);
    if (before?.to === from - 1) before.to = to;
    else this.#own.push({ from, to });
  }

  #idsOf(object: string, known = this.#known!): Set<string> {
    let ids = known.get(object);
    if (!ids) known.set(object, (ids = new Set()));
    return ids;
  }

  async #readOnce(): Promise<Set<string>> {
    return new Set(syncedIn(await this.#store.get(kind, this.#instance)));
  }

  async #readKnown(): Promise<Map<string, Set<string>>> {
    const known = new Map<string, Set<string>>();
    for await (const chunk of this.#store.objectsOf(this.#instance)) {
      for (const { object, id } of chunk) this.#idsOf(object, known).add(id);
    }
    return known;
  }
}

function syncedIn(document: StoredDocument | undefined): readonly string[] {
  return (document?.value['synced'] as readonly string[] | undefined) ?? [];
}
