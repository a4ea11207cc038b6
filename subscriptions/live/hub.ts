import type { Change } from '#schema/change.js';
import { origin, type Position } from '#schema/position.js';
import type { Store } from '#platform/store/store.js';
import { logReader } from '../log/reader.js';
import { recentLimits, type Entry, type RecentLimits } from '../log/recent.js';
import { openTail, type Tail } from '../log/tail.js';
import { eventOf } from '../log/told-event.js';
import { Digest } from './digest.js';
import { GroupIndex } from './group-index.js';
import { Group, type Telling } from './group.js';
import { Member, type Surroundings } from './member.js';
import type { Seat, Sink, Stream } from './stream.js';
import { TextCache } from './texts.js';
import { Turns } from '../turns.js';

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

class LogHub implements Hub {
  readonly #options: HubOptions;
  // A key tells of one T: who makes the stream makes its sinks.
  readonly #groups = new Map<string, Group<unknown>>();
  readonly #index = new GroupIndex();
  #tail!: Tail;
  #around!: Surroundings;
  readonly #telling: Telling;
  #pending: Entry[] = [];
  /** The place before what is pending. */
  #pendingFrom: Position = origin;
  #publishing = false;
  /** Up to where groups are handed what happened: each of them knows how far it has come. */
  #published: Position = origin;
  /** Up to where all of them have been. */
  #passed: Position = origin;
  /** Raised when the log was rewritten. */
  #generation = 0;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#telling = {
      texts: new TextCache(),
      turns: new Turns(),
      behind: new Turns(),
      passed: () => this.#passed,
      failed: (error) => options.failed(notTold, error),
    };
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
    this.#published = this.#passed = this.#tail.position;
    const head = () => this.#tail.position;
    const published = () => this.#published;
    this.#around = { reader, digest, ahead: new Set(), published, head, reached, failed };
  }

  join<T>(stream: Stream<T>, sink: Sink<T>, since?: Position): Seat {
    const groups = this.#groups as Map<string, Group<T>>;
    const index = this.#index;
    const { texts } = this.#telling;
    const group = groups.get(stream.key) ?? this.#newGroup(stream);
    const member = new Member(group, sink, this.#around, since ?? this.#tail.position);
    member.join();
    return {
      position: () => member.position(),
      leave() {
        member.leave();
        if (group.members.size > 0 || groups.get(stream.key) !== group) return;
        groups.delete(stream.key);
        index.remove(group as Group<unknown>);
        if (groups.size === 0) texts.forget();
      },
    };
  }

  #newGroup<T>(stream: Stream<T>): Group<T> {
    const group = new Group(stream, this.#telling, this.#published);
    this.#groups.set(stream.key, group as Group<unknown>);
    this.#index.add(group as Group<unknown>);
    return group;
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

  /** Who has not been handed something reads it from the log. */
  #notPublished(error: unknown): void {
    this.#publishing = false;
    this.#options.failed(notTold, error);
    for (const group of this.#groups.values()) group.passOver(this.#published);
  }

  #rewritten(): void {
    this.#pending = [];
    this.#generation += 1;
    this.#published = this.#passed = this.#tail.position;
    const gap = { reason: 'REWRITTEN', position: this.#published } as const;
    this.#around.ahead.clear();
    for (const group of this.#groups.values()) {
      group.rewritten(this.#published);
      for (const member of group.members) member.gap(gap);
    }
  }

  async #publish(): Promise<void> {
    const { reached, failed } = this.#options;
    const { turns } = this.#telling;
    while (this.#pending.length > 0) {
      const [entries, from, generation] = [this.#pending, this.#pendingFrom, this.#generation];
      this.#pending = [];
      const last = entries.at(-1)!.change.position;
      // A position that is lost for other readers is lost for us: we shall be told.
      await reached(last).catch((error: unknown) => failed('Live streams are ahead of the view.', error));
      // Of the former log: everybody has been told.
      if (generation !== this.#generation) continue;
      const missed = this.#published.seq < from.seq;
      this.#published = last;
      const stands = () => generation === this.#generation;
      if (missed) await turns.each([...this.#groups.values()], (group) => void (stands() && group.passOver(last)));
      else await turns.each(this.#index.handed(entries), ([group, some]) => void (stands() && group.publish(some)));
      if (stands()) this.#passed = last;
      await turns.each([...this.#around.ahead], (member) => member.goOn());
    }
    this.#publishing = false;
  }
}

const notTold = 'A change could not be told to who wants it; a gap is told in its place, or their stream ends.';

function entryOf(change: Change): Entry {
  return change.change === 'restated' ? { change } : { change, event: eventOf(change) };
}
