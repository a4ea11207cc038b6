import type { Value } from '#schema/change.js';
import { mergePatchBetween } from '#schema/merge-patch.js';
import type { Position } from '#schema/position.js';
import { indexAfter, type Entry } from '../log/recent.js';
import type { ToldEvent } from '../log/told-event.js';

/** Of more that is wanted of a window each object is told once: all of 10,000 changes to 1,000 clients took 100 s and more. */
const most = 1000;

/** What is to be told of a stretch, in order. */
export interface Listed {
  /** Behind which place what happened to an object is told as one; absent where each change is told. */
  readonly from?: Position;
  slice(at: number, end: number): readonly Entry[];
}

/** What is to be told behind a place. */
interface Behind {
  readonly list: Listed;
  /** By its indices: where each of it stands. */
  readonly places: readonly Entry[];
}

/** What a window has for a stream, for all its members, wherever in the window each began. */
export class Found {
  readonly #wanted: readonly Entry[];
  /** By where the stretch ends and where it begins. */
  readonly #chains = new Map<number, Chains>();
  readonly #folds = new Map<string, Fold>();

  constructor(wanted: readonly Entry[]) {
    this.#wanted = wanted;
  }

  /** Of memory, about. */
  get bytes(): number {
    return 512 + 8 * this.#wanted.length * (1 + 3 * this.#chains.size) + 256 * this.#folds.size;
  }

  behind(from: Position, to: Position): Behind {
    const end = indexAfter(this.#wanted, to.seq);
    if (end - indexAfter(this.#wanted, from.seq) <= most) return { list: this.#wanted, places: this.#wanted };
    const chains = this.#chains.get(end) ?? new Chains(this.#wanted.slice(0, end));
    this.#chains.set(end, chains);
    const key = `${from.seq} ${end}`;
    const list = this.#folds.get(key) ?? new Fold(from, chains);
    this.#folds.set(key, list);
    return { list, places: chains.lasts };
  }
}

/** What happened to each object, found from its last change backwards. */
class Chains {
  /** The last change of each object, in order. */
  readonly lasts: readonly Entry[];
  readonly #all: readonly Entry[];
  readonly #ends: readonly number[];
  /** The index of the change of the same object before it, or -1. */
  readonly #previous: Int32Array;

  constructor(all: readonly Entry[]) {
    const ends = new Map<string, number>();
    this.#all = all;
    this.#previous = Int32Array.from(all, ({ change: { object, id } }, at) => {
      const key = `${object} ${id}`;
      const before = ends.get(key) ?? -1;
      // Where it stands in the order is where it changed last.
      ends.delete(key);
      ends.set(key, at);
      return before;
    });
    this.#ends = [...ends.values()];
    this.lasts = this.#ends.map((at) => all[at]!);
  }

  /** What happened to one object behind a place, in order. */
  behind(index: number, { seq }: Position): readonly Entry[] {
    const found: Entry[] = [];
    for (let at = this.#ends[index]!; at >= 0 && this.#all[at]!.change.position.seq > seq; at = this.#previous[at]!)
      found.push(this.#all[at]!);
    return found.reverse();
  }
}

class Fold implements Listed {
  readonly from: Position;
  readonly #chains: Chains;

  constructor(from: Position, chains: Chains) {
    this.from = from;
    this.#chains = chains;
  }

  /** What comes to nothing is left out, and others stand in its place. */
  slice(at: number, end: number): readonly Entry[] {
    const some: Entry[] = [];
    for (let index = at; index < this.#chains.lasts.length && some.length < end - at; index += 1) {
      const entries = this.#chains.behind(index, this.from);
      if (entries.length === 1) some.push(entries[0]!);
      else if (!comesToNothing(entries)) some.push(new Folded(entries));
    }
    return some;
  }
}

/** Several changes of one object as one, which stands where the last of them does. */
class Folded implements Entry {
  readonly change: Entry['change'];
  readonly first: Position;
  readonly #entries: readonly Entry[];

  constructor(entries: readonly Entry[]) {
    this.change = entries.at(-1)!.change;
    this.first = entries[0]!.change.position;
    this.#entries = entries;
  }

  /** Made when it is told: lists of thousands wait for members who rest. */
  get event(): ToldEvent {
    const { change } = this;
    const { after } = change;
    // Its last value is as good as any before it: nobody is told of either.
    if (!after) return { change, before: change.reversePatch!, conflated: true };
    const { reversePatch: _last, ...rest } = change;
    const known = { after: after.value, conflated: true } as const;
    if (isNew(this.#entries)) return { change: { ...rest, change: 'created' }, ...known };
    const before = this.#entries[0]!.event!.before!;
    const reversePatch = patchBack(this.#entries, before, after.value);
    return { change: { ...rest, change: 'modified', reversePatch }, before, ...known };
  }
}

function isNew([first]: readonly Entry[]): boolean {
  return first!.change.change === 'created';
}

/** For who knew the object as it was before them. */
function comesToNothing(entries: readonly Entry[]): boolean {
  const { after } = entries.at(-1)!.change;
  if (isNew(entries)) return !after;
  if (!after || entries.every(({ change }) => change.change === 'modified')) return false;
  // Deleted, and created again as it was.
  return Object.keys(patchBack(entries, entries[0]!.event!.before!, after.value)).length === 0;
}

/** Leads back to the value before all of them, of every attribute that one of them changed. */
function patchBack(entries: readonly Entry[], before: Value, after: Value): Value {
  const between = mergePatchBetween(after, before);
  const names = entries.flatMap(({ change: { change, reversePatch } }) =>
    // Where it was gone between them, all that differs counts.
    Object.keys(change === 'modified' ? (reversePatch ?? {}) : between),
  );
  const old = (name: string) => {
    if (Object.hasOwn(between, name)) return between[name];
    // Changed, and changed back.
    return Object.hasOwn(before, name) ? before[name] : null;
  };
  return Object.fromEntries([...new Set(names)].map((name) => [name, old(name)]));
}
