import type { Change, ChangeKind, Value } from '#schema/change.js';
import { patched } from '#schema/merge-patch.js';

/** The changes that O2 has a notification for. */
export type Reported = Exclude<ChangeKind, 'restated'>;

/** What a subscription may be told: an entry of the log with the states it lies between. */
export interface SubscriptionEvent {
  readonly change: Change;
  readonly before?: Value;
  readonly after?: Value;
}

/** Codes of `notificationEventType` and the specification's names of them. */
export const eventTypes: Readonly<Record<Reported, { readonly code: number; readonly name: string }>> = {
  created: { code: 0, name: 'CREATE' },
  modified: { code: 1, name: 'MODIFY' },
  deleted: { code: 2, name: 'DELETE' },
};

export const reportedKinds = Object.keys(eventTypes) as readonly Reported[];

/** The states of an entry, the earlier one made from its reverse patch. */
export function eventOf(change: Change): SubscriptionEvent {
  const { after, reversePatch } = change;
  if (!after) return { change, ...(reversePatch && { before: reversePatch }) };
  const before = reversePatch && change.change !== 'created' && patched(after.value, reversePatch);
  return { change, after: after.value, ...(before && { before }) };
}

/** What nobody is owed: the same object in the words of a newer release, and what the first synchronisation finds. */
export function reportedKind({ change, baseline }: Change): Reported | undefined {
  return change === 'restated' || baseline ? undefined : change;
}

/** The state that filters look at: the later one. */
export function stateOf({ after, before }: SubscriptionEvent): Value {
  return after ?? before ?? {};
}
