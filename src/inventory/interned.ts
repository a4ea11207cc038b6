import type { Value } from '#schema/change.js';

/** Lengths of texts worth sharing: JSON.parse shares the short ones itself, the long ones are rarely equal. */
const shortest = 17;
const longest = 128;
const most = 50_000;
const few = 8;
/** Tries after which an attribute must have found a quarter of its texts before, or is left alone. */
const trial = 512;

/** The texts seen at one attribute name, and the last few of them, by turns: comparing costs less than hashing. */
interface Texts {
  known: Map<string, string>;
  readonly recent: string[];
  next: number;
  tries: number;
  found: number;
}

const byName = new Map<string, Texts>();
const noList: readonly unknown[] = Object.freeze([]);

/**
 * Freezes a value and lets equal texts share one copy, because ids of pools and types repeat in thousands of resources
 * (measured: 55 MB of 370 at 100,000 with six nested each). What is frozen already is left as it is.
 */
export function interned(value: Value): Value {
  return intern(value, '') as Value;
}

function intern(value: unknown, name: string): unknown {
  if (typeof value === 'string') return value.length < shortest || value.length > longest ? value : shared(value, name);
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) {
    if (value.length === 0) return noList;
    for (let index = 0; index < value.length; index += 1) value[index] = intern(value[index], name);
    return Object.freeze(value);
  }
  const map = value as Record<string, unknown>;
  for (const key in map) {
    const before = map[key];
    const after = intern(before, key);
    if (after !== before) map[key] = after;
  }
  return Object.freeze(map);
}

function shared(text: string, name: string): string {
  let texts = byName.get(name);
  if (!texts) {
    // Names come from extensions too, and there may be any number of them.
    if (byName.size >= most) return text;
    byName.set(name, (texts = { known: new Map(), recent: Array<string>(few).fill(''), next: 0, tries: 0, found: 0 }));
  }
  if (texts.tries >= trial && texts.found * 4 < texts.tries) return text;
  for (const one of texts.recent) if (one === text) return one;
  texts.tries += 1;
  const same = texts.known.get(text);
  if (same !== undefined) {
    texts.found += 1;
    texts.recent[(texts.next = (texts.next + 1) % few)] = same;
    return same;
  }
  // Starting over costs only missed sharing.
  if (texts.known.size >= most) texts.known = new Map();
  texts.known.set(text, text);
  return text;
}
