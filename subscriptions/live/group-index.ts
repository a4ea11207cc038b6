import type { Entry } from '../log/recent.js';
import { getOrMake, Postings } from '../matcher/postings.js';
import type { Group } from './group.js';

type Groups = Set<Group<unknown>>;

/** Groups by what they may want: 1,000 filters by an id cost one event no more than the one that it is for. */
export class GroupIndex {
  /** Those that may want whatever happens. */
  readonly anything: Groups = new Set();
  readonly #byObject = new Map<string, Postings<Groups>>();

  add(group: Group<unknown>): void {
    const { anyOf } = group.stream;
    if (!anyOf) return void this.anything.add(group);
    const postings = getOrMake(this.#byObject, anyOf.object, () => new Postings<Groups>(() => new Set()));
    for (const { attribute, value } of anyOf.keys) postings.at(attribute, value).add(group);
  }

  remove(group: Group<unknown>): void {
    const { anyOf } = group.stream;
    if (!anyOf) return void this.anything.delete(group);
    const postings = this.#byObject.get(anyOf.object);
    for (const { attribute, value } of anyOf.keys) postings?.take(attribute, value, (groups) => groups.delete(group));
  }

  /** The groups that may want some of what happened, of those that say so by a key. */
  keyedFor(entries: readonly Entry[]): ReadonlySet<Group<unknown>> {
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
