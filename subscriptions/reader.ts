import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Connection, NativeBatch, NativeEvent } from '#adapters/contract.js';
import { materialise, type Fact, type Materialiser, type ObjectEvent } from '#adapters/kit/materialise.js';
import { Fault, type Code } from '#schema/errors.js';
import type { ObjectName } from '#schema/objects.js';
import type { Position } from '#schema/position.js';
import type { Clock } from '#platform/clock.js';
import type { Lease, Store } from '#platform/store/store.js';
import { arrivals, type Arrivals } from './arrivals.js';
import type { Coverage } from './coverage.js';
import type { Feed, Source, Synced } from './feed.js';
import { ListCounts } from './list-counts.js';

/** An instance under watch. */
export interface Watched {
  readonly source: Source;
  readonly connection: Connection;
  readonly oCloudId: string;
  /** What the writer must hold, where several processes share a store. */
  readonly fence?: Lease;
}

export interface Surroundings {
  readonly feed: Feed;
  readonly store: Pick<Store, 'head'>;
  readonly coverage: Coverage;
  readonly clock: Clock;
  log(level: 'info' | 'warn', message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** A poll under way. */
export interface Poll {
  readonly began: number;
  /** Head of the log before it began. */
  readonly since: Position;
}

/** How many deletions are not believed yet, and how many reports cannot be judged. */
export interface Told {
  readonly held: number;
  readonly ignored: number;
}

/**
 * Events in one turn: about 10 ms of resources with their nested elements.
 * @internal for tests
 */
export const piece = 100;

/** The way of one instance's natives into the feed, whichever way they come in. */
export class Reader {
  readonly #watched: Watched;
  readonly #source: Source;
  readonly #around: Surroundings;
  readonly #renewed: () => void;
  readonly #arrivals: Arrivals;
  #materialiser: Materialiser;
  /** Objects that were complete once in the life of the store; undefined until it has been asked. */
  #before: Set<string> | undefined;
  /** Raised whenever everything must be read anew: what was made before may not have been written. */
  #generation = 0;
  /** To be told before anything else to a new materialiser. */
  #owed: readonly Fact[] = [];
  /** Kinds that a watch is listing, and the head of the log before it began. */
  readonly #listing = new Set<string>();
  #since: Position | undefined;
  readonly #lists = new ListCounts();
  #changed = Promise.withResolvers<void>();

  /** `renewed` is called when a full list must follow. */
  constructor(watched: Watched, around: Surroundings, renewed: () => void) {
    const { source, connection } = watched;
    this.#watched = watched;
    this.#around = around;
    this.#renewed = renewed;
    this.#source = { ...source, objects: Object.keys(connection.project) as ObjectName[] };
    this.#arrivals = arrivals(source.newer?.bind(source));
    this.#materialiser = this.#newMaterialiser();
  }

  /** Asks what earlier runs have synchronised; before anything is told. */
  async open(): Promise<void> {
    this.#before = new Set(await this.#around.feed.syncedOnce(this.#source.instance));
    this.#materialiser = this.#newMaterialiser();
    this.#wake();
  }

  /** A new stream begins; lists that the one before it did not finish are begun anew. */
  begin(): void {
    this.#arrivals.abandon();
    this.#listing.clear();
    this.#since = undefined;
  }

  /**
   * What the backend's watch or poll said, in order. Answers how many deletions are held back, and reports ignored. Long batches
   * are told in pieces, with turns for others between them; a renewal ends them.
   */
  async told({ events }: NativeBatch, poll?: Poll): Promise<Told> {
    const generation = this.#generation;
    let all: Told = { held: 0, ignored: 0 };
    for (let start = 0; start < events.length && generation === this.#generation; start += piece) {
      const { held, ignored } = await this.#tell(events.slice(start, start + piece), poll);
      all = { held: all.held + held, ignored: all.ignored + ignored };
      if (events.length - start >= piece) await nextTurn();
    }
    return all;
  }

  /** Ends what has been believed long enough. Answers whether only a full list can tell the truth. */
  release(): boolean {
    return this.#arrivals.due(this.#around.clock.now());
  }

  /** When there may be something to release. */
  nextRelease(): number | undefined {
    return this.#arrivals.next();
  }

  /** Tells of objects that stayed for a while when nothing was left of them, and whose time is over. */
  async end(): Promise<void> {
    await this.#orAnew(this.#around.feed.observe(this.#source, this.#apply([]), this.#watched.fence));
  }

  /** When there may be something to end. */
  nextEnd(): number | undefined {
    return this.#materialiser.nextEnd();
  }

  /**
   * What a backend answered to a write. Resolves when it can be read, and with it all that is made of several natives; throws
   * BACKEND_TIMEOUT if the signal aborts before enough of the backend has been read for that.
   */
  async observe(events: readonly NativeEvent[], signal?: AbortSignal, began?: number): Promise<Synced> {
    const { feed, clock } = this.#around;
    while (!this.#before) await this.#nextRead(signal);
    const generation = this.#generation;
    const now = clock.now();
    const objects = this.#apply(this.#arrivals.wrote(events, now, began ?? now));
    const { fence } = this.#watched;
    let synced = await this.#orAnew(feed.observe(this.#source, objects, fence));
    const kinds = new Set(events.map(({ kind }) => kind));
    while (generation === this.#generation && this.#materialiser.unread(kinds)) {
      await this.#nextRead(signal);
      synced = await feed.observe(this.#source, [], fence);
    }
    if (generation === this.#generation) return synced;
    throw this.#fault('UNAVAILABLE', 'it could not be stored');
  }

  /**
   * For what was written before this reader began: lists that begin after now tell it, or what came after it. Resolves when
   * they can be read; throws as `observe` does. Answers what is to be observed all the same: natives that are there may be
   * shown as written earlier and believed against the list, and versions with an order tell.
   */
  async caughtUp(events: readonly NativeEvent[], signal: AbortSignal): Promise<readonly NativeEvent[]> {
    const kinds = new Set(events.map(({ kind }) => kind));
    const done = this.#lists.completeAfterNow(kinds);
    while (!done() || this.#materialiser.unread(kinds)) await this.#nextRead(signal);
    const ordered = (event: NativeEvent) => this.#source.newer !== undefined && 'version' in event;
    return events.filter((event) => ordered(event) && this.#arrivals.knows(event));
  }

  /** Everything must be told anew, from a full list. */
  renew(): void {
    this.#generation += 1;
    this.#around.feed.forget(this.#source.instance);
    this.#materialiser = this.#newMaterialiser();
    this.#owed = this.#arrivals.renewed();
    this.begin();
    this.#wake();
    this.#renewed();
  }

  async #tell(events: readonly NativeEvent[], poll: Poll | undefined): Promise<Told> {
    if (poll) this.#since = poll.since;
    else await this.#noteLists(events);
    const since = this.#since;
    if (this.#listing.size === 0) this.#since = undefined;
    const facts = this.#arrivals.told(events, this.#around.clock.now(), poll?.began);
    const objects = this.#apply(facts);
    const { fence } = this.#watched;
    const synced = await this.#orAnew(
      this.#around.feed.sync(this.#source, { events: objects, ...(since && { since }), ...(fence && { fence }) }),
    );
    this.#account(objects, synced);
    this.#lists.told(events);
    this.#wake();
    return { held: [...synced.held.values()].reduce((sum, count) => sum + count, 0), ignored: synced.ignored };
  }

  #newMaterialiser(): Materialiser {
    const { source, connection, oCloudId } = this.#watched;
    const refused = (object: string, identity: string, fault: unknown) => {
      const reason = fault instanceof Error ? fault.message : String(fault);
      this.#around.log('warn', 'What the backend holds cannot be shown; it stays as it was.', {
        object,
        identity,
        reason,
      });
    };
    const [before, now] = [this.#before ?? new Set<string>(), () => this.#around.clock.now()];
    return materialise(oCloudId, source.instance, connection.project, { refused, before, now });
  }

  #apply(facts: readonly Fact[]): readonly ObjectEvent[] {
    const owed = this.#owed;
    this.#owed = [];
    return this.#materialiser.apply(owed.length > 0 ? [...owed, ...facts] : facts);
  }

  /** What could not be written was made all the same, as far as the materialiser knows. */
  async #orAnew<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.renew();
      throw error;
    }
  }

  async #noteLists(events: readonly NativeEvent[]): Promise<void> {
    const begins = events.some(({ type }) => type === 'begin');
    if (begins && this.#listing.size === 0) this.#since = await this.#around.store.head();
    for (const { type, kind } of events) {
      if (type === 'begin') this.#listing.add(kind);
      else if (type === 'complete' || type === 'stale') this.#listing.delete(kind);
    }
  }

  /** Keeps account of what is current. */
  #account(events: readonly ObjectEvent[], { held }: Synced): void {
    const { coverage, clock } = this.#around;
    const { instance } = this.#source;
    for (const event of events) {
      if (event.type === 'stale') coverage.stale(instance, event.object, event.reason);
      else if (event.type === 'current') coverage.current(instance, event.object, clock.now());
      else if (event.type === 'complete') {
        const count = held.get(event.object);
        if (count !== undefined) coverage.stale(instance, event.object, heldReason(count));
        else {
          this.#before?.add(event.object);
          coverage.synced(instance, event.object, clock.now());
        }
      }
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #nextRead(signal: AbortSignal | undefined): Promise<void> {
    const late = Promise.withResolvers<never>();
    const leave = () => late.reject(this.#fault('BACKEND_TIMEOUT', 'it has not been read far enough to show that'));
    if (signal?.aborted) leave();
    signal?.addEventListener('abort', leave, { once: true });
    await Promise.race([this.#changed.promise, late.promise]).finally(() =>
      signal?.removeEventListener('abort', leave),
    );
  }

  #fault(code: Code, why: string): Fault {
    // Nobody is told when to come back: who does repeats a write that was done.
    return new Fault(code, `The backend '${this.#source.instance}' did the write, but ${why}; read the object again.`);
  }
}

function heldReason(count: number): string {
  return `${count} objects vanished at once; waiting for a second list to confirm`;
}
