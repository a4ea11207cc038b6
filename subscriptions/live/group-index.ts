import type { Entry } from '../log/recent.js';
import { getOrMake, Postings } from '../matcher/postings.js';
import type { Group } from './group.js';

/** What is matched at once: a filter may take a tenth of a millisecond for each. */
const piece = 16;

type Groups = Set<Group<unknown>>;

/** Groups by what they may want: 1,000 filters by an id cost one event no more than the one that it is for. */
export class GroupIndex {
  readonly #anything: Groups = new Set();
  readonly #byObject = new Map<string, Postings<Groups>>();

  add(group: Group<unknown>): void {
    const { anyOf } = group.stream;
    if (!anyOf) return void this.#anything.add(group);
    const postings = getOrMake(this.#byObject, anyOf.object, () => new Postings<Groups>(() => new Set()));
    for (const { attribute, value } of anyOf.keys) postings.at(attribute, value).add(group);
  }

  remove(group: Group<unknown>): void {
    const { anyOf } = group.stream;
    if (!anyOf) return void this.#anything.delete(group);
    const postings = this.#byObject.get(anyOf.object);
    for (const { attribute, value } of anyOf.keys) postings?.take(attribute, value, (groups) => groups.delete(group));
  }

  /** Each group with what it may want of what happened, in order. */
  *handed(entries: readonly Entry[]): Iterable<readonly [Group<unknown>, readonly Entry[]]> {
    const pieces: (readonly Entry[])[] = [];
    for (let at = 0; at < entries.length; at += piece) pieces.push(entries.slice(at, at + piece));
    for (const group of this.#anything) for (const some of pieces) yield [group, some];
    for (const some of pieces) for (const group of this.#keyedFor(some)) yield [group, some];
  }

  #keyedFor(entries: readonly Entry[]): Groups {
    const found: Groups = new Set();
    for (const { event } of entries) {
      const postings = event && this.#byObject.get(event.change.object);
      if (!postings) continue;
      for (const state of [event.after, event.before]) {
        if (state) for (const groups of postings.of(state)) for (const group of groups) found.add(group);
      }
    }
    return found;
  }
}
