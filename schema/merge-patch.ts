import { isDeepStrictEqual } from 'node:util';
import type { Value } from './change.js';

function isObject(value: unknown): value is Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keys of extensions come from outside: `constructor` is one like any other. */
function own(value: Value, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The merge-patch (RFC 7396) that turns `from` into `to`. */
export function mergePatchBetween(from: Value, to: Value): Value {
  const patch: [string, unknown][] = [];
  for (const key of Object.keys(from))
    if (own(to, key) === undefined && from[key] !== undefined) patch.push([key, null]);
  for (const [key, after] of Object.entries(to)) {
    const before = own(from, key);
    if (after === undefined || isDeepStrictEqual(before, after)) continue;
    patch.push([key, isObject(before) && isObject(after) ? mergePatchBetween(before, after) : after]);
  }
  return Object.fromEntries(patch);
}

/** `value` with a merge-patch (RFC 7396) applied; what the patch does not touch is shared. */
export function patched(value: Value, patch: Value): Value {
  const made = new Map(Object.entries(value));
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) made.delete(key);
    else if (isObject(change)) {
      const before = own(value, key);
      made.set(key, patched(isObject(before) ? before : {}, change));
    } else made.set(key, change);
  }
  return Object.fromEntries(made);
}
