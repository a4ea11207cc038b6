import { isDeepStrictEqual } from 'node:util';
import type { NativeEvent } from '#adapters/contract.js';
import type { Fact } from '#adapters/kit/materialise.js';

/** Whether version `a` is newer than `b`; undefined where the backend's versions have no order. */
export type Ordering = ((a: string, b: string) => boolean) | undefined;
export type Changed = Extract<NativeEvent, { type: 'upsert' | 'delete' }>;

/** A native that exists, as last told or written. */
interface Known {
  version: string | undefined;
  /** When a list gave it this version; undefined when a watch or a write did. */
  listed: number | undefined;
  /** The last list that named it. */
  list: number;
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

/** A version that was told, or that the native went. */
interface Told {
  readonly identity: string;
  readonly version: string | undefined;
  readonly at: number;
  readonly gone: boolean;
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
  /** What was told lately, oldest first: an answer to a write that comes later than its echo is known by that. */
  #told: Told[] = [];
  #lists = 0;
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
    const unnamed = [...this.#natives].filter(([, { list }]) => list !== this.#lists);
    for (const [identity, { version }] of unnamed) {
      const pin = this.#pins.get(identity);
      if (pin) {
        if (polled === undefined) this.#hold(identity, pin, now);
        continue;
      }
      this.#natives.delete(identity);
      this.#remember({ identity, version: undefined, at: now, gone: true });
      facts.push({ type: 'forget', kind: this.#kind, identity });
      if (polled !== undefined) continue;
      const gone = { type: 'delete', kind: this.#kind, identity, ...(version !== undefined && { version }) } as const;
      this.#pins.set(identity, { state: gone, since: now, swept: true });
    }
    this.#listing = false;
    this.#read = true;
    return [...facts, { type: 'complete', kind: this.#kind }];
  }

  /** `began`: when the write was sent. */
  wrote(event: Changed, now: number, began: number): readonly Fact[] {
    const { identity, version } = event;
    const known = this.#natives.get(identity);
    const pin = this.#pins.get(identity);
    if (pin && this.#isNewer(pin.state, event)) return [];
    if (known && this.#isNewer(known, event)) return [];
    if (this.#wasTold(event, known, began)) return [];
    this.#pins.delete(identity);
    this.#pins.set(identity, { state: event, since: now });
    if (event.type === 'delete') this.#natives.delete(identity);
    else this.#natives.set(identity, { version, listed: undefined, list: this.#lists, projected: true });
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
      this.#remember({ identity, version, at: now, gone: true });
      this.#natives.delete(identity);
      return [event];
    }
    if (!this.#newer && version !== undefined) this.#remember({ identity, version, at: now, gone: false });
    if (known?.projected && version !== undefined && known.version === version) return [];
    const listed = this.#listing ? now : undefined;
    this.#natives.set(identity, { version, listed, list: this.#lists, projected: true });
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

  /** Whether the stream has told already what a write's answer says, or something later. */
  #wasTold({ type, identity, version }: Changed, known: Known | undefined, began: number): boolean {
    const told = this.#told.filter((each) => each.identity === identity);
    if (this.#listedLater(known, began)) return true;
    if (type === 'delete') return (this.#read && !known) || told.some(({ gone, at }) => gone && at >= began);
    if (known?.projected && version !== undefined && known.version === version) return true;
    return told.some((each) => this.#tellsLater(each, version, began));
  }

  #tellsLater(told: Told, version: string | undefined, began: number): boolean {
    if (!told.gone) return told.version === version;
    const ordered = this.#newer && told.version !== undefined && version !== undefined;
    return ordered ? this.#newer!(told.version!, version) : told.at >= began;
  }

  /** A list that gave another version while the write was under way: which is later nobody knows, but the stream will say. */
  #listedLater(known: Known | undefined, began: number): boolean {
    if (this.#newer || known?.version === undefined) return false;
    return known.listed !== undefined && known.listed >= began;
  }

  #remember(told: Told): void {
    const [oldest] = this.#told;
    if (oldest && told.at - oldest.at > 2 * remembered)
      this.#told = this.#told.filter(({ at }) => told.at - at <= remembered);
    this.#told.push(told);
  }
}
