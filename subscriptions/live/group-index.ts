import type { Value } from '#schema/change.js';
import { folded } from '#schema/filter/text.js';
import type { Entry } from '../log/recent.js';
import type { Group } from './group.js';

/** What is matched at once: a filter may take a tenth of a millisecond for each. */
const piece = 16;

type Groups = Set<Group<unknown>>;

/** Groups by what they may want: 1,000 filters by an id cost one event no more than the one that it is for. */
export class GroupIndex {
  readonly #anything: Groups = new Set();
  /** By object, attribute and value. */
  readonly #byKey = new Map<string, Map<string, Map<string, Groups>>>();

  add(group: Group<unknown>): void {
    for (const groups of this.#places(group)) groups.add(group);
  }

  remove(group: Group<unknown>): void {
    const { anyOf } = group.stream;
    if (!anyOf) return void this.#anything.delete(group);
    const attributes = this.#byKey.get(anyOf.object);
    for (const { attribute, value } of anyOf.keys) {
      const values = attributes?.get(attribute);
      const groups = values?.get(value);
      groups?.delete(group);
      if (groups?.size === 0) values!.delete(value);
      if (values?.size === 0) attributes!.delete(attribute);
    }
  }

  /** Each group with what it may want of what happened, in order. */
  *handed(entries: readonly Entry[]): Iterable<readonly [Group<unknown>, readonly Entry[]]> {
    const pieces: (readonly Entry[])[] = [];
    for (let at = 0; at < entries.length; at += piece) pieces.push(entries.slice(at, at + piece));
    for (const group of this.#anything) for (const some of pieces) yield [group, some];
    for (const some of pieces) for (const group of this.#keyedFor(some)) yield [group, some];
  }

  #places({ stream: { anyOf } }: Group<unknown>): readonly Groups[] {
    if (!anyOf) return [this.#anything];
    const attributes = getOrMake(this.#byKey, anyOf.object, () => new Map<string, Map<string, Groups>>());
    return anyOf.keys.map(({ attribute, value }) => {
      const values = getOrMake(attributes, attribute, () => new Map<string, Groups>());
      return getOrMake(values, value, () => new Set<Group<unknown>>());
    });
  }

  #keyedFor(entries: readonly Entry[]): Groups {
    const found: Groups = new Set();
    for (const { event } of entries) {
      const attributes = event && this.#byKey.get(event.change.object);
      if (!attributes) continue;
      for (const [attribute, values] of attributes) {
        for (const state of [event.after, event.before]) {
          for (const group of groupsOf(values, state, attribute)) found.add(group);
        }
      }
    }
    return found;
  }
}

function* groupsOf(values: Map<string, Groups>, state: Value | undefined, attribute: string): Iterable<Group<unknown>> {
  for (const value of [state?.[attribute]].flat()) {
    if (typeof value === 'string') yield* values.get(folded(value)) ?? [];
  }
}

function getOrMake<V>(map: Map<string, V>, key: string, make: () => V): V {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = make()));
  return found;
}
