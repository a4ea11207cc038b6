import { definitionOf } from '#schema/objects.js';
import type { Value } from '#schema/change.js';

/**
 * Names of the lists whose answers an object is part of: all of its kind, those of its tenant, those under its parent. The
 * store keeps the last position of each; list ETags and cached answers are valid as long as theirs has not moved.
 */
export function listMark(object: string, tenant: string | null | undefined, parent?: string): string {
  const under = parent === undefined ? object : `${object}/${parent}`;
  return tenant === undefined ? under : `${under}#${tenant ?? ''}`;
}

/** Every list that a change of an object touches; `values` are its states before and after. */
export function marksOf(
  object: string,
  tenant: string | null,
  values: readonly (Value | undefined)[],
): readonly string[] {
  const { parent } = definitionOf(object);
  const marks = new Set([listMark(object, undefined), listMark(object, tenant)]);
  for (const value of values) {
    const under = parent === undefined ? undefined : value?.[parent];
    if (typeof under !== 'string') continue;
    marks.add(listMark(object, undefined, under));
    marks.add(listMark(object, tenant, under));
  }
  return [...marks];
}
