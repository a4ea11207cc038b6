import { hash } from 'node:crypto';
import type { Change, Value } from '#schema/change.js';
import { mergePatchBetween } from '#schema/merge-patch.js';
import type { Position } from '#schema/position.js';
import type { Turns } from '#platform/turns.js';
import { indexAfter, type Entry } from '../log/recent.js';
import type { ToldEvent } from '../log/told-event.js';

/** Of more that is wanted of a window each object is told once: all of 10,000 changes to 1,000 clients took 100 s and more. */
const most = 1000;

/** Whether a stream wants to know of an object as it was before or after a change. */
export type Holds = (change: Change, state: Value) => boolean;

/** What is to be told of a stretch, in order. */
export interface Listed {
  /** Behind which place what happened to an object is told as one; absent where each change is told. */
  readonly from?: Position;
  /** Those of an array at once, others in turns. */
  slice(at: number, end: number, turns?: Turns): readonly Entry[] | Promise<readonly Entry[]>;
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
  readonly #holds: Holds;
  /** By where the stretch ends. */
  readonly #chains = new Map<number, Promise<Chains>>();
  /** By where it begins, too. */
  readonly #folds = new Map<string, Fold>();

  constructor(wanted: readonly Entry[], holds: Holds) {
    this.#wanted = wanted;
    this.#holds = holds;
  }

  /** Of memory, about. */
  get bytes(): number {
    return 512 + 8 * this.#wanted.length * (1 + 3 * this.#chains.size) + 256 * this.#folds.size;
  }

  async behind(from: Position, to: Position, turns: Turns): Promise<Behind> {
    const end = indexAfter(this.#wanted, to.seq);
    if (end - indexAfter(this.#wanted, from.seq) <= most) return { list: this.#wanted, places: this.#wanted };
    const chains = await this.#chainsTo(end, turns);
    const key = `${from.seq} ${end}`;
    const list = this.#folds.get(key) ?? new Fold(from, chains);
    this.#folds.set(key, list);
    return { list, places: chains.lasts };
  }

  #chainsTo(end: number, turns: Turns): Promise<Chains> {
    let chains = this.#chains.get(end);
    if (!chains) {
      chains = chainsOf(this.#wanted.slice(0, end), this.#holds, turns);
      this.#chains.set(end, chains);
      chains.catch(() => this.#chains.delete(end));
    }
    return chains;
  }
}

/** What happened to each object, found from its last change backwards. */
class Chains {
  /** The last change of each object, in order. */
  readonly lasts: Entry[] = [];
  readonly all: readonly Entry[];
  readonly ends: number[] = [];
  /** The index of the change of the same object before it, or -1. */
  readonly previous: Int32Array;
  /** From which on what happened comes to nothing: it was not wanted before that, and is not behind its last change. */
  readonly vain = new Set<number>();

  constructor(all: readonly Entry[]) {
    this.all = all;
    this.previous = new Int32Array(all.length);
  }

  /** What happened to one object behind a place, in order; undefined when it comes to nothing. */
  behind(index: number, { seq }: Position): readonly Entry[] | undefined {
    const found: Entry[] = [];
    let first = -1;
    for (let at = this.ends[index]!; at >= 0 && this.all[at]!.change.position.seq > seq; at = this.previous[at]!) {
      found.push(this.all[at]!);
      first = at;
    }
    return found.length > 1 && this.vain.has(first) ? undefined : found.reverse();
  }

  /** The changes of all objects that end with one of these. */
  *endingWith(ends: readonly number[]): Iterable<number> {
    for (const end of ends) for (let at = end; at >= 0; at = this.previous[at]!) yield at;
  }
}

async function chainsOf(all: readonly Entry[], holds: Holds, turns: Turns): Promise<Chains> {
  const chains = new Chains(all);
  const ends = new Map<string, number>();
  await turns.each(all.keys(), (at) => {
    const { object, id } = all[at]!.change;
    const key = `${object} ${id}`;
    chains.previous[at] = ends.get(key) ?? -1;
    // Where it stands in the order is where it changed last.
    ends.delete(key);
    ends.set(key, at);
  });
  const left: number[] = [];
  await turns.each(ends.values(), (at) => {
    const last = all[at]!;
    chains.ends.push(at);
    chains.lasts.push(last);
    if (chains.previous[at]! < 0) return;
    if (!last.event!.after || !holds(last.change, last.event!.after)) left.push(at);
  });
  await turns.each(chains.endingWith(left), (at) => {
    const { change, event } = all[at]!;
    const entered = change.change === 'modified' && event!.before && !holds(change, event!.before);
    if (change.change === 'created' || entered) chains.vain.add(at);
  });
  return chains;
}

class Fold implements Listed {
  readonly from: Position;
  readonly #chains: Chains;

  constructor(from: Position, chains: Chains) {
    this.from = from;
    this.#chains = chains;
  }

  /** What comes to nothing is left out, and others stand in its place. */
  async slice(at: number, end: number, turns: Turns): Promise<readonly Entry[]> {
    const some: Entry[] = [];
    let index = at;
    await turns.until(() => {
      if (index >= this.#chains.ends.length || some.length >= end - at) return true;
      const entries = this.#chains.behind(index, this.from);
      index += 1;
      if (entries?.length === 1) some.push(entries[0]!);
      else if (entries) some.push(new Folded(entries));
      return false;
    });
    return some;
  }
}

/** Several changes of one object as one, which stands where the last of them does. */
class Folded implements Entry {
  readonly change: Entry['change'];
  readonly folded: string;
  readonly #entries: readonly Entry[];

  constructor(entries: readonly Entry[]) {
    this.change = entries.at(-1)!.change;
    this.folded = nameOf(entries);
    this.#entries = entries;
  }

  /** Made when it is told: to compare an object of hundreds of attributes takes long. */
  get event(): ToldEvent {
    const { change } = this;
    const { after } = change;
    // Its last value is as good as each before it: nobody is told of either.
    if (!after) return { change, before: change.reversePatch!, conflated: true };
    const { reversePatch: _last, ...rest } = change;
    const known = { after: after.value, conflated: true } as const;
    const first = this.#entries[0]!;
    if (first.change.change === 'created') return { change: { ...rest, change: 'created' }, ...known };
    const before = first.event!.before!;
    const reversePatch = patchBack(this.#entries, before, after.value);
    return { change: { ...rest, change: 'modified', reversePatch }, before, ...known };
  }
}

/** Others of the same last change have another name unless they are the same. */
function nameOf(entries: readonly Entry[]): string {
  let name = '';
  for (const { change } of entries) name += `${change.position.seq}.`;
  return name.length > 64 ? hash('sha256', name, 'base64') : name;
}

/**
 * Leads back to the value before all of them, of every attribute that one of them changed, and of all others that differ: what
 * happened while it was not wanted, or was gone, is in none of them.
 */
function patchBack(entries: readonly Entry[], before: Value, after: Value): Value {
  const between = mergePatchBetween(after, before);
  const names = new Set(Object.keys(between));
  for (const { change } of entries)
    if (change.change === 'modified') for (const name of Object.keys(change.reversePatch ?? {})) names.add(name);
  const old = (name: string) => {
    if (Object.hasOwn(between, name)) return between[name];
    // Changed, and changed back.
    return Object.hasOwn(before, name) ? before[name] : null;
  };
  return Object.fromEntries([...names].map((name) => [name, old(name)]));
}
