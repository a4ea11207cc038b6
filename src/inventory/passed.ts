import { origin, samePosition, type Position } from '#schema/position.js';
import type { Store } from '#platform/store/store.js';

/** Appends that are remembered at least, and at most twice as many; a failover is over long before. */
const fewest = 10_000;
/** Entries that are read again for what a failover put in place of others. */
const mostRead = 20_000;
const readLimit = 1000;
/** Places from before what is remembered. */
const mostLearnt = 1000;

/** Which entries a view has passed, as far back as it remembers: an append has one tag, so a number and a text for each. */
export class Passed {
  readonly #fewest: number;
  #firsts: number[];
  #tags: string[];
  #end: number;
  readonly #learnt = new Map<number, string>();

  constructor({ seq, tag }: Position, remembered = fewest) {
    this.#fewest = remembered;
    this.#firsts = [seq];
    this.#tags = [tag];
    this.#end = seq;
  }

  /** The entry behind the last one. */
  note({ seq, tag }: Position): void {
    this.#end = seq;
    if (this.#tags.at(-1) === tag) return;
    this.#firsts.push(seq);
    this.#tags.push(tag);
    // Many at a time.
    if (this.#firsts.length <= 2 * this.#fewest) return;
    this.#firsts = this.#firsts.slice(-this.#fewest);
    this.#tags = this.#tags.slice(-this.#fewest);
  }

  /** A place from before what is remembered, as those are that many streams resume from at a time; the last thousand. */
  learn({ seq, tag }: Position): void {
    this.#learnt.set(seq, tag);
    if (this.#learnt.size > mostLearnt) this.#learnt.delete(this.#learnt.keys().next().value!);
  }

  /** The oldest place that is remembered. */
  get begin(): Position {
    return this.#at(0);
  }

  get end(): Position {
    return { seq: this.#end, tag: this.#tags.at(-1)! };
  }

  /** The tag of the entry at `seq`; undefined before what is remembered, unless it was learnt, and beyond the end. */
  tagAt(seq: number): string | undefined {
    if (seq > this.#end) return undefined;
    let [low, high] = [0, this.#firsts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#firsts[middle]! <= seq) low = middle + 1;
      else high = middle;
    }
    return low > 0 ? this.#tags[low - 1] : this.#learnt.get(seq);
  }

  /** Places ever further back, the oldest last. */
  *back(): Iterable<Position> {
    const last = this.#firsts.length - 1;
    for (let steps = 1; steps < last; steps *= 2) yield this.#at(last - steps);
    yield this.begin;
  }

  #at(index: number): Position {
    return { seq: this.#firsts[index]!, tag: this.#tags[index]! };
  }
}

/** What stands in a rewritten log up to `to`, from a place on that it had before; `to` alone if there is none nearby. */
export async function passedAnew(store: Pick<Store, 'read'>, former: Passed, to: Position): Promise<Passed> {
  for (const place of former.back()) {
    if (former.end.seq === origin.seq || to.seq - place.seq > mostRead) break;
    const passed = new Passed(place);
    while (passed.end.seq < to.seq) {
      const read = await store.read(passed.end, Math.min(readLimit, to.seq - passed.end.seq));
      if (read.outcome !== 'read' || read.changes.length === 0) break;
      for (const { position } of read.changes) passed.note(position);
    }
    if (samePosition(passed.end, to)) return passed;
  }
  return new Passed(to);
}
