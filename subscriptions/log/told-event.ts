import type { Change, Value } from '#schema/change.js';
import { patched } from '#schema/merge-patch.js';

/** An entry of the log with the states it lies between, made once for all who are told of it. */
export interface ToldEvent {
  readonly change: Change;
  readonly before?: Value;
  readonly after?: Value;
  /** Several changes of the object, told as one. */
  readonly conflated?: true;
}

/** The states of an entry, the earlier one made from its reverse patch. */
export function eventOf(change: Change): ToldEvent {
  const { after, reversePatch } = change;
  if (!after) return { change, ...(reversePatch && { before: reversePatch }) };
  const before = reversePatch && change.change !== 'created' && patched(after.value, reversePatch);
  return { change, after: after.value, ...(before && { before }) };
}
