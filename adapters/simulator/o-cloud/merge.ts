import type { Attributes, Json } from './api.js';

/** Applies a merge patch (RFC 7396): null takes a key away, objects are merged, everything else replaces. */
export function mergeAttributes(before: Attributes, patch: Attributes | undefined): Attributes {
  if (patch === undefined) return before;
  const merged: Record<string, Json> = { ...before };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = isObject(value) ? mergeAttributes(objectAt(merged, key), value) : value;
  }
  return merged;
}

function isObject(value: Json | undefined): value is Attributes {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectAt(of: Attributes, key: string): Attributes {
  const value = of[key];
  return isObject(value) ? value : {};
}
