import type { Value } from '#schema/change.js';
import { folded } from '#schema/filter/text.js';

/** Lists under the values of attributes that an object must have one of, to be found by what it has. */
export class Postings<List extends { readonly size: number }> {
  readonly #byAttribute = new Map<string, Map<string, List>>();
  readonly #make: () => List;

  constructor(make: () => List) {
    this.#make = make;
  }

  /** `value`: folded. */
  at(attribute: string, value: string): List {
    const lists = getOrMake(this.#byAttribute, attribute, () => new Map<string, List>());
    return getOrMake(lists, value, this.#make);
  }

  /** Takes something out of a list, and the list if nothing is left: values come and go with the objects that have them. */
  take(attribute: string, value: string, from: (list: List) => void): void {
    const lists = this.#byAttribute.get(attribute);
    const list = lists?.get(value);
    if (!list) return;
    from(list);
    if (list.size === 0) lists!.delete(value);
    if (lists!.size === 0) this.#byAttribute.delete(attribute);
  }

  /** The lists under what an object has: under each text where an attribute has several. */
  *of(state: Value): Iterable<List> {
    for (const [attribute, lists] of this.#byAttribute) {
      for (const value of [state[attribute]].flat()) {
        const list = typeof value === 'string' ? lists.get(folded(value)) : undefined;
        if (list) yield list;
      }
    }
  }
}

export function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = make()));
  return found;
}
