import { isDeepStrictEqual } from 'node:util';
import type { Value } from './change.js';

function isObject(value: unknown): value is Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The merge-patch (RFC 7396) that turns `from` into `to`. */
export function mergePatchBetween(from: Value, to: Value): Value {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(from)) if (to[key] === undefined && from[key] !== undefined) patch[key] = null;
  for (const [key, after] of Object.entries(to)) {
    const before = from[key];
    if (after === undefined || isDeepStrictEqual(before, after)) continue;
    patch[key] = isObject(before) && isObject(after) ? mergePatchBetween(before, after) : after;
  }
  return patch;
}
