import type { Change } from '#schema/change.js';

/** Counted once: the same change is held by several. */
const sizes = new WeakMap<Change, number>();

/** About what an entry takes in memory: its texts twice over, and what holds them together. */
export function sizeOf(change: Change): number {
  let size = sizes.get(change);
  if (size === undefined)
    sizes.set(change, (size = 500 + 2 * (lengthOf(change.after?.value) + lengthOf(change.reversePatch))));
  return size;
}

function lengthOf(value: unknown): number {
  return JSON.stringify(value ?? null).length;
}
