import type { Change } from '#schema/change.js';
import { origin, type Position } from '#schema/position.js';
import type { Store } from '#platform/store/store.js';
import { logReader } from '../log/reader.js';
import { recentLimits, type Entry, type RecentLimits } from '../log/recent.js';
import { openTail, type Tail } from '../log/tail.js';
import { eventOf } from '../log/told-event.js';
import { getOrMake } from '../matcher/postings.js';
import { Digest } from './digest.js';
import { GroupIndex } from './group-index.js';
import type { Group, Telling } from './group.js';
import { Lane } from './lane.js';
import { Member, type Surroundings } from './member.js';
import type { Seat, Sink, Stream } from './stream.js';
import { TextCache } from './texts.js';
import { Turns } from '#platform/turns.js';

export interface HubOptions {
  readonly store: Store;
  /** Resolves when readers of this process see the position: relations of what changed are read there. */
  reached(position: Position): Promise<unknown>;
  failed(message: string, error: unknown): void;
  readonly recent?: RecentLimits;
}

/** Tells clients what happens, as it happens: one execution and one serialisation for all who asked alike. */
export interface Hub {
  /** From `since` on, or from now on. The sink is handed nothing before this has returned. */
  join<T>(stream: Stream<T>, sink: Sink<T>, since?: Position): Seat;
  /** Whether a stream of this key is told already. */
  has(key: string): boolean;
  /** Streams that differ. */
  readonly size: number;
  stop(): void;
}

export async function openHub(options: HubOptions): Promise<Hub> {
  const hub = new LogHub(options);
  await hub.open();
  return hub;
}

/** Changes that wait while others are told; when there are more, all streams read on from the log. */
const mostPending = 2048;
/** What is handed on at once: a filter may take a tenth of a millisecond for each. */
const piece = 16;

class LogHub implements Hub {
  readonly #options: HubOptions;
  // A key tells of one T: who makes the stream makes its sinks.
  readonly #groups = new Map<string, Group<unknown>>();
  readonly #index = new GroupIndex();
  /** By their tenants. */
  readonly #lanes = new Map<string | undefined, Lane>();
  #tail!: Tail;
  #around!: Surroundings;
  readonly #telling: Omit<Telling, 'passed'>;
  /** Its own, not those of who has no tenant. */
  readonly #turns: Turns;
  #pending: Entry[] = [];
  /** The place before what is pending. */
  #pendingFrom: Position = origin;
  #publishing = false;
  /** Up to where lanes are handed what happened: each of them and of their groups knows how far it has come. */
  #published: Position = origin;
  /** Raised when the log was rewritten. */
  #generation = 0;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#telling = {
      texts: new TextCache(),
      turns: new Turns(),
      behind: new Turns(),
      failed: (error) => options.failed(notTold, error),
    };
    this.#turns = this.#telling.turns.of(Symbol('hub'));
  }

  async open(): Promise<void> {
    const { store, reached, failed, recent = recentLimits } = this.#options;
    const reader = logReader(store, { tail: () => this.#tail, entryOf });
    const digest = new Digest(reader);
    this.#tail = await openTail(store, recent, {
      entryOf,
      entry: (entry, before) => this.#arrived(entry, before),
      rewritten: () => {
        reader.forget();
        digest.forget();
        this.#rewritten();
      },
      failed: (error) => failed('The log could not be read; live streams wait.', error),
    });
    this.#published = this.#tail.position;
    const head = () => this.#tail.position;
    const published = () => this.#published;
    this.#around = { reader, digest, ahead: new Set(), published, head, reached, failed };
  }

  join<T>(stream: Stream<T>, sink: Sink<T>, since?: Position): Seat {
    const groups = this.#groups as Map<string, Group<T>>;
    const group = groups.get(stream.key) ?? this.#newGroup(stream);
    const member = new Member(group, sink, this.#around, since ?? this.#tail.position);
    member.join();
    return {
      position: () => member.position(),
      leave: () => {
        member.leave();
        if (group.members.size === 0 && groups.get(stream.key) === group) this.#remove(group as Group<unknown>);
      },
    };
  }

  #newGroup<T>(stream: Stream<T>): Group<T> {
    const { tenant, key } = stream;
    const lane = getOrMake(this.#lanes, tenant, () => new Lane(tenant, this.#telling, () => this.#published));
    const group = lane.add(stream);
    this.#groups.set(key, group as Group<unknown>);
    this.#index.add(group as Group<unknown>);
    return group;
  }

  #remove(group: Group<unknown>): void {
    const { tenant, key } = group.stream;
    const lane = this.#lanes.get(tenant)!;
    lane.remove(group);
    if (lane.groups.size === 0) this.#lanes.delete(tenant);
    this.#groups.delete(key);
    this.#index.remove(group);
    if (this.#groups.size === 0) this.#telling.texts.forget();
  }

  has(key: string): boolean {
    return this.#groups.has(key);
  }

  get size(): number {
    return this.#groups.size;
  }

  stop(): void {
    this.#tail.stop();
  }

  #arrived(entry: Entry, before: Position): void {
    if (this.#pending.length === mostPending) this.#pending = [];
    if (this.#pending.length === 0) this.#pendingFrom = before;
    this.#pending.push(entry);
    if (this.#publishing) return;
    this.#publishing = true;
    // All that is read in this turn is told together.
    setImmediate(() => void this.#publish().catch((error: unknown) => this.#notPublished(error)));
  }

  /** Whatever was not handed to somebody is read from the log. */
  #notPublished(error: unknown): void {
    this.#publishing = false;
    this.#pending = [];
    this.#options.failed(notTold, error);
    this.#passOver(this.#tail.position);
  }

  #rewritten(): void {
    this.#pending = [];
    this.#generation += 1;
    this.#published = this.#tail.position;
    const gap = { reason: 'REWRITTEN', position: this.#published } as const;
    this.#around.ahead.clear();
    for (const lane of this.#lanes.values()) lane.rewritten();
    for (const { members } of this.#groups.values()) for (const member of members) member.gap(gap);
  }

  async #publish(): Promise<void> {
    const { reached, failed } = this.#options;
    while (this.#pending.length > 0) {
      const [entries, from, generation] = [this.#pending, this.#pendingFrom, this.#generation];
      this.#pending = [];
      const last = entries.at(-1)!.change.position;
      // A position that is lost for other readers is lost for us: we shall be told.
      await reached(last).catch((error: unknown) => failed('Live streams are ahead of the view.', error));
      // Of the former log: everybody has been told.
      if (generation !== this.#generation) continue;
      if (this.#published.seq < from.seq) this.#passOver(last);
      else
        await this.#turns.each(piecesOf(entries), (some) => void (generation === this.#generation && this.#hand(some)));
      await this.#turns.each([...this.#around.ahead], (member) => member.goOn());
    }
    this.#publishing = false;
  }

  /** To the lanes that have streams which may want some of it. */
  #hand(entries: readonly Entry[]): void {
    const lanes = new Set<Lane>();
    for (const lane of this.#lanes.values()) if (lane.wantsAnything) lanes.add(lane);
    for (const { stream } of this.#index.keyedFor(entries)) lanes.add(this.#lanes.get(stream.tenant)!);
    // Only now: what could not be looked up is not handed to anybody.
    const before = this.#published;
    this.#published = entries.at(-1)!.change.position;
    for (const lane of lanes) lane.hand(entries, before);
  }

  /** Whoever has been told everything so far reads on from the log. */
  #passOver(upTo: Position): void {
    const before = this.#published;
    this.#published = upTo;
    for (const lane of this.#lanes.values()) lane.passOver(before);
  }
}

const notTold = 'A change could not be told to who wants it; a gap is told in its place, or their stream ends.';

function entryOf(change: Change): Entry {
  return change.change === 'restated' ? { change } : { change, event: eventOf(change) };
}

function* piecesOf(entries: readonly Entry[]): Iterable<readonly Entry[]> {
  for (let at = 0; at < entries.length; at += piece) yield entries.slice(at, at + piece);
}
