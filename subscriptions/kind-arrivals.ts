import { isDeepStrictEqual } from 'node:util';
import type { NativeEvent } from '#adapters/contract.js';
import type { Fact } from '#adapters/kit/materialise.js';
import { Lately } from './lately.js';

/** Whether version `a` is newer than `b`; undefined where the backend's versions have no order. */
export type Ordering = ((a: string, b: string) => boolean) | undefined;
export type Changed = Extract<NativeEvent, { type: 'upsert' | 'delete' }>;

/** A native that exists, as last told or written. */
interface Known {
  version: string | undefined;
  /** The last list that named it. */
  list: number;
  /** Where versions have no order: when this version was told last, and when a list told any. */
  told: number;
  listed: number;
  /** Whether the present materialiser has it. */
  projected: boolean;
}

/** What we know better than a report that may be older. */
interface Pin {
  readonly state: Changed;
  readonly since: number;
  /** Something was told that was not believed. */
  held?: true;
  /** Made because a list did not name it: a watch may tell once more what was before the list. */
  readonly swept?: true;
}

/** A version that was told and is no longer known as that of the native, or that the native went. */
interface Told {
  readonly version: string | undefined;
  readonly at: number;
  /** By a report, by a list (which may have skipped versions), or that the native is gone. */
  readonly by: 'report' | 'list' | 'absence';
}

/** How long what we wrote is believed against reports that may be older, milliseconds. */
const pinned = 60_000;
/** Longest that the answer to a write may be behind its echo, milliseconds. */
const remembered = 60_000;

/** The natives of one kind. */
export class KindArrivals {
  readonly #kind: string;
  readonly #newer: Ordering;
  readonly #natives = new Map<string, Known>();
  /** Oldest first. */
  readonly #pins = new Map<string, Pin>();
  /** What changed lately: an answer to a write that comes later than its echo is known by that. */
  readonly #told = new Lately<Told>(remembered);
  /** How many lists have begun, and when one of a watch told something last. */
  #lists = 0;
  #listed = -Infinity;
  #listing = false;
  #read = false;

  constructor(kind: string, newer: Ordering) {
    this.#kind = kind;
    this.#newer = newer;
  }

  begin(): void {
    this.#lists += 1;
    this.#listing = true;
  }

  abandon(): void {
    this.#listing = false;
  }

  told(event: Changed, now: number, polled: number | undefined): readonly Fact[] {
    const { identity } = event;
    const known = this.#natives.get(identity);
    if (known && this.#listing && event.type === 'upsert') known.list = this.#lists;
    if (this.#listing && polled === undefined) this.#listed = now;
    const pin = this.#pins.get(identity);
    if (pin && this.#isNewer(pin.state, event)) return [];
    if (pin && !this.#settles(pin, event)) {
      // A poll that began before the write says nothing about it, and the next one will.
      if (polled === undefined || pin.since < polled) pin.held = true;
      return [];
    }
    this.#pins.delete(identity);
    return this.#take(event, now);
  }

  /** Ends a list that has begun: what it did not name is gone, unless we have just written it. */
  complete(now: number, polled: number | undefined): readonly Fact[] {
    const facts: Fact[] = [];
    if (!this.#listing) return [];
    if (polled === undefined) this.#listed = now;
    const unnamed = [...this.#natives].filter(([, { list }]) => list !== this.#lists);
    for (const [identity, known] of unnamed) {
      const { version } = known;
      const pin = this.#pins.get(identity);
      if (pin) {
        if (polled === undefined) this.#hold(identity, pin, now);
        continue;
      }
      this.#leave(identity, known, now);
      this.#told.note(identity, { version: undefined, at: now, by: 'absence' }, now);
      facts.push({ type: 'forget', kind: this.#kind, identity });
      if (polled !== undefined) continue;
      const gone = { type: 'delete', kind: this.#kind, identity, ...(version !== undefined && { version }) } as const;
      this.#pins.set(identity, { state: gone, since: now, swept: true });
    }
    this.#listing = false;
    this.#read = true;
    return [...facts, { type: 'complete', kind: this.#kind }];
  }

  knows(identity: string): boolean {
    return this.#natives.has(identity);
  }

  /** `began`: when the write was sent. */
  wrote(event: Changed, now: number, began: number): readonly Fact[] {
    const { identity } = event;
    const known = this.#natives.get(identity);
    const pin = this.#pins.get(identity);
    if (pin && this.#isNewer(pin.state, event)) return [];
    if (known && this.#isNewer(known, event)) return [];
    if (this.#wasTold(event, known, began)) return [];
    this.#pins.delete(identity);
    this.#pins.set(identity, { state: event, since: now });
    if (event.type === 'delete') this.#leave(identity, known, now);
    else this.#set(event, known, now);
    return [event];
  }

  /** Ends the pins that are over. Answers whether the stream has not told what was written, or told something else. */
  due(now: number): boolean {
    let doubtful = false;
    for (const [identity, { since, held, swept }] of this.#listing ? [] : this.#pins) {
      if (now - since < pinned) break;
      this.#pins.delete(identity);
      doubtful ||= held || !swept;
    }
    return doubtful;
  }

  next(): number | undefined {
    const oldest = this.#pins.values().next().value;
    return oldest && !this.#listing ? oldest.since + pinned : undefined;
  }

  renewed(): readonly Fact[] {
    for (const known of this.#natives.values()) known.projected = false;
    return [...this.#pins].flatMap(([identity, { state }]) => {
      const known = this.#natives.get(identity);
      if (!known || state.type === 'delete') return [];
      known.projected = true;
      return [state];
    });
  }

  /** Accepts a report unless it is an older one than what is known, or the same. */
  #take(event: Changed, now: number): readonly Fact[] {
    const { identity, version } = event;
    const known = this.#natives.get(identity);
    // A list may show that the backend's history went back (restored from a backup); a single report may just be late.
    if (known && !this.#listing && this.#isNewer(known, event)) return [];
    if (event.type === 'delete') {
      this.#told.note(identity, { version, at: now, by: 'absence' }, now);
      this.#leave(identity, known, now);
      return [event];
    }
    const listed = !this.#newer && version !== undefined && this.#listing;
    if (known && listed) known.listed = now;
    if (known && known.version === version) known.told = now;
    if (known?.projected && version !== undefined && known.version === version) return [];
    const set = this.#set(event, known, now);
    set.told = now;
    if (listed) set.listed = now;
    return [this.#listing ? { ...event, listed: true } : event];
  }

  /** Whether `event` tells the pinned state itself, or a later one. */
  #settles({ state, swept }: Pin, event: Changed): boolean {
    if (swept && this.#listing) return true;
    if (state.type === 'delete' && event.type === 'delete') return true;
    const { version } = event;
    if (version !== undefined && state.version !== undefined) {
      if (version === state.version) return state.type === 'upsert';
      if (this.#newer && !swept) return this.#newer(version, state.version);
      return false;
    }
    return state.type === 'upsert' && event.type === 'upsert' && isDeepStrictEqual(state.native, event.native);
  }

  /** The list may be older than the write; the stream behind it has its time anew to tell. */
  #hold(identity: string, pin: Pin, now: number): void {
    this.#pins.delete(identity);
    this.#pins.set(identity, { ...pin, since: now, held: true });
  }

  #isNewer(known: { readonly version?: string | undefined }, { version }: Changed): boolean {
    return (
      this.#newer !== undefined &&
      known.version !== undefined &&
      version !== undefined &&
      this.#newer(known.version, version)
    );
  }

  /**
   * Whether the stream has told already what a write's answer says, or something later. Where that cannot be known (versions
   * have no order, and a list came while the write was under way) the stream is left to say what is.
   */
  #wasTold({ type, identity, version }: Changed, known: Known | undefined, began: number): boolean {
    if (type === 'delete' && this.#read && !known) return true;
    if (!this.#newer && version !== undefined && this.#listed >= began) return true;
    if (type === 'upsert' && known?.projected && version !== undefined && known.version === version) return true;
    if (known && known.listed >= began) return true;
    const echoed = type === 'upsert' && !this.#newer && version !== undefined && known?.version === version;
    if (echoed && known.told >= began - remembered) return true;
    return this.#told.of(identity).some((told) => {
      if (type === 'upsert' && told.by !== 'absence' && version !== undefined && told.version === version) return true;
      if (told.by === 'report') return false;
      const ordered = this.#newer && told.version !== undefined && version !== undefined;
      return ordered ? this.#newer!(told.version!, version) : told.at >= began;
    });
  }

  #set({ identity, version }: Changed, known: Known | undefined, now: number): Known {
    if (known && known.version !== version) this.#outlive(identity, known, now);
    const { told, listed } = known ?? { told: -Infinity, listed: -Infinity };
    const kept = known?.version === version ? told : -Infinity;
    const set = { version, list: this.#lists, told: kept, listed, projected: true };
    this.#natives.set(identity, set);
    return set;
  }

  #leave(identity: string, known: Known | undefined, now: number): void {
    this.#natives.delete(identity);
    if (!known) return;
    this.#outlive(identity, known, now);
    if (now - known.listed <= remembered)
      this.#told.note(identity, { version: undefined, at: known.listed, by: 'list' }, now);
  }

  /** A version goes that an answer to a write may still name. Where they have an order, that tells. */
  #outlive(identity: string, { version, told }: Known, now: number): void {
    if (!this.#newer && version !== undefined && now - told <= remembered)
      this.#told.note(identity, { version, at: told, by: 'report' }, now);
  }
}
