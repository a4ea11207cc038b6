import type { Change, ChangeKind, Value } from '#schema/change.js';
import type { ToldEvent } from '../log/told-event.js';

/** The changes that O2 has a notification for. */
export type Reported = Exclude<ChangeKind, 'restated'>;

/** Codes of `notificationEventType` and the specification's names of them. */
export const eventTypes: Readonly<Record<Reported, { readonly code: number; readonly name: string }>> = {
  created: { code: 0, name: 'CREATE' },
  modified: { code: 1, name: 'MODIFY' },
  deleted: { code: 2, name: 'DELETE' },
};

export const reportedKinds = Object.keys(eventTypes) as readonly Reported[];

/** What nobody is owed: the same object in the words of a newer release, and what the first synchronisation finds. */
export function reportedKind({ change, baseline }: Change): Reported | undefined {
  return change === 'restated' || baseline ? undefined : change;
}

/** The state that filters look at: the later one. */
export function stateOf({ after, before }: ToldEvent): Value {
  return after ?? before ?? {};
}
