import type { Value } from '#schema/change.js';

const longest = 128;
const most = 50_000;
let known = new Map<string, string>();

/**
 * Freezes a value and lets equal short strings share one copy: ids of pools and types, descriptions and tags repeat in
 * thousands of resources.
 */
export function interned(value: Value): Value {
  return intern(value) as Value;
}

function intern(value: unknown): unknown {
  if (typeof value === 'string') return value.length <= longest ? shared(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) value[index] = intern(value[index]);
    return Object.freeze(value);
  }
  const map = value as Record<string, unknown>;
  for (const key of Object.keys(map)) map[key] = intern(map[key]);
  return Object.freeze(map);
}

function shared(text: string): string {
  const same = known.get(text);
  if (same !== undefined) return same;
  // Unique texts would fill the table for nothing; starting over costs only missed sharing.
  if (known.size >= most) known = new Map();
  known.set(text, text);
  return text;
}
