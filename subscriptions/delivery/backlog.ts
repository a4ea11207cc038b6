import { formatPosition, later, samePosition, type Position } from '#schema/position.js';
import type { Entry } from '../log/recent.js';

/** Notifications that wait in line by their number alone; beyond that they are found in the log again. */
const longestQueue = 1000;
/** Entries that one who catches up holds in memory, and how few are left when more are looked for. */
const mostHeld = 16;
const fewHeld = 8;
/** How far it is looked ahead for another object (ordering `resource`). */
const lookAhead = 256;

/** Done out of order: nothing up to `reach` is owed but what is `pending`. */
export interface OutOfOrder {
  readonly reach: number;
  readonly pending: readonly number[];
}

/** What is owed to one subscription, in the order of the log. */
export class Backlog {
  /** Nothing at or before it is owed. */
  #position: Position;
  /** Everything at or before it was looked at, and what matched is in line; of one that is live, where the log stands. */
  #scanned: Position;
  #live = false;
  #queue: (number | Entry)[] = [];
  /** Taken, not done. */
  readonly #taken = new Map<number, Entry>();
  /**
   * By place, under way since before it went back: they come again in their turn, whatever comes of that. Of a log that was
   * rewritten another change may have their number by then.
   */
  readonly #former = new Map<string, Entry>();
  /** Up to here nothing is owed but what is taken, in line, or (behind `#scanned`) pending. */
  #reach: number;
  #pending: Set<number>;
  readonly #find: (seq: number) => Entry | undefined;

  constructor(position: Position, window: OutOfOrder | undefined, find: (seq: number) => Entry | undefined) {
    this.#position = position;
    this.#scanned = position;
    this.#reach = window?.reach ?? position.seq;
    this.#pending = new Set(window?.pending);
    this.#find = find;
  }

  /** From where the log must be read to go on; undefined while enough is in line. Another one, though equal, after a new start. */
  get wanted(): Position | undefined {
    return this.#live || this.#queue.length >= fewHeld ? undefined : this.#scanned;
  }

  get live(): boolean {
    return this.#live;
  }

  /** Nothing is owed up to where the log is followed. */
  get clear(): boolean {
    return this.#live && this.#idle();
  }

  /** The oldest that is owed, as far as it is known. */
  oldest(): Entry | undefined {
    const next = this.#queue[0];
    const first = this.#firstTaken();
    if (next !== undefined && (first === undefined || seqOf(next) < first)) return this.#entryOf(next);
    return first === undefined ? undefined : this.#taken.get(first);
  }

  /** Where it stands, when the log is followed up to `tail`. */
  position(tail: Position): Position {
    return this.clear ? later(this.#position, tail) : this.#position;
  }

  /** An entry that matches has come; `before` is the place before it. */
  offer(entry: Entry, before: Position): void {
    if (!this.#live) return;
    if (this.#idle()) this.#advance(before);
    if (this.#queue.length < longestQueue) {
      this.#queue.push(entry.change.position.seq);
      return;
    }
    this.#live = false;
    this.#scanned = before;
  }

  /** Puts what matches of entries behind `wanted` in line, as many as it may hold; who arrives at `tail` goes on with it. */
  scan(entries: readonly Entry[], matches: (entry: Entry) => boolean, tail: Position): void {
    for (const entry of entries) {
      if (this.#queue.length >= mostHeld) return;
      const { position } = entry.change;
      if (!this.#passed(position.seq) && matches(entry)) this.#queue.push(entry);
      this.#scanned = position;
      if (this.#idle()) this.#advance(position);
    }
    if (samePosition(this.#scanned, tail)) this.#live = true;
  }

  /** The next one that may begin: the first, or (`apart`) the first of an object of which none is under way. */
  take(apart: boolean): Entry | undefined {
    const index = apart ? this.#firstApart() : 0;
    const next = this.#queue[index];
    if (next === undefined) return undefined;
    const entry = this.#entryOf(next);
    if (!entry) {
      this.rescan();
      return undefined;
    }
    if (index === 0) this.#queue.shift();
    else this.#queue.splice(index, 1);
    const { seq } = entry.change.position;
    this.#taken.set(seq, entry);
    if (seq > this.#reach) this.#reach = seq;
    return entry;
  }

  done({ change: { position } }: Entry): void {
    this.#taken.delete(position.seq);
    this.#pending.delete(position.seq);
    const next = this.#queue[0];
    const first = Math.min(this.#firstTaken() ?? Infinity, next === undefined ? Infinity : seqOf(next));
    const seen = this.#live || position.seq <= this.#scanned.seq;
    if (seen && position.seq < first && position.seq > this.#position.seq) this.#advance(position);
    if (!this.#live && this.#idle()) this.#advance(this.#scanned);
  }

  /** What is done out of order, if anything is. */
  outOfOrder(): OutOfOrder | undefined {
    const reach = this.#reach;
    if (reach <= this.#position.seq) return undefined;
    const pending = this.#undone();
    return pending.length === 1 && pending[0] === reach ? undefined : { reach, pending };
  }

  /** Forgets what is in line and finds it in the log again; what is under way stays so. */
  rescan(tail?: Position): void {
    if (tail && this.clear) this.#advance(tail);
    this.#pending = new Set(this.#undone());
    this.#queue = [];
    this.#live = false;
    this.#scanned = { ...this.#position };
  }

  /** Goes on behind `position`, as if nothing behind it was done; what is taken stays so. */
  restart(position: Position): void {
    this.#queue = [];
    this.#live = false;
    this.#pending = new Set();
    this.#position = position;
    this.#scanned = { ...position };
    this.#reach = position.seq;
  }

  /** The same of what is taken too: what of it is `under way` is sent twice, or it would come before what it follows. */
  startOver(position: Position, underWay: (entry: Entry) => boolean): void {
    for (const entry of this.#taken.values())
      if (underWay(entry)) this.#former.set(formatPosition(entry.change.position), entry);
    this.#taken.clear();
    this.restart(position);
  }

  /** The same, but never on: what is owed stays owed. Who is owed nothing stands at `tail`, however long ago something was. */
  goBack(position: Position, tail: Position, underWay: (entry: Entry) => boolean): void {
    const stands = this.position(tail);
    this.startOver(position.seq < stands.seq ? position : stands, underWay);
  }

  /** Whether one that is under way was so before it went back. */
  comesAgain({ change: { position } }: Entry): boolean {
    return this.#former.has(formatPosition(position));
  }

  /** It is under way no longer; says whether it comes again. */
  letGo({ change: { position } }: Entry): boolean {
    return this.#former.delete(formatPosition(position));
  }

  /** What is owed up to `#reach`. */
  #undone(): readonly number[] {
    const undone = [...this.#taken.keys()];
    for (const each of this.#queue) {
      if (seqOf(each) > this.#reach) break;
      undone.push(seqOf(each));
    }
    const unread = this.#live ? Infinity : this.#scanned.seq;
    for (const seq of this.#pending) if (seq > unread && !this.#taken.has(seq)) undone.push(seq);
    return undone.sort((a, b) => a - b);
  }

  #advance(position: Position): void {
    this.#position = position;
    if (position.seq > this.#reach) this.#reach = position.seq;
  }

  #idle(): boolean {
    return this.#queue.length === 0 && this.#taken.size === 0;
  }

  #firstTaken(): number | undefined {
    let first: number | undefined;
    for (const seq of this.#taken.keys()) if (first === undefined || seq < first) first = seq;
    return first;
  }

  #firstApart(): number {
    const busy = new Set([...this.#taken.values(), ...this.#former.values()].map(({ change }) => change.id));
    const end = Math.min(this.#queue.length, lookAhead);
    for (let index = 0; index < end; index += 1) {
      const entry = this.#entryOf(this.#queue[index]!);
      // Not in memory any more: taking it finds that out.
      if (!entry || !busy.has(entry.change.id)) return index;
    }
    return -1;
  }

  #entryOf(each: number | Entry): Entry | undefined {
    return typeof each === 'number' ? this.#find(each) : each;
  }

  #passed(seq: number): boolean {
    return this.#taken.has(seq) || (seq <= this.#reach && !this.#pending.has(seq));
  }
}

function seqOf(each: number | Entry): number {
  return typeof each === 'number' ? each : each.change.position.seq;
}
