import type { ObjectName } from '#schema/objects.js';
import type { Value } from '#schema/change.js';
import { formatPosition } from '#schema/position.js';
import type { Scope } from '#schema/scope.js';
import type { Gap } from '#subscriptions/live/stream.js';
import type { ToldEvent } from '#subscriptions/log/told-event.js';
import { rowOf } from '../inventory/row.js';
import type { View } from '../inventory/view.js';
import { visibleValue } from './visible.js';
import { changedIn } from './watch.js';

/** What is said of every change, on all facades. */
export interface ChangeSaid {
  readonly change: 'CREATED' | 'MODIFIED' | 'DELETED';
  readonly objectType: ObjectName;
  readonly id: string;
  /** Names of the attributes that a modification changed. */
  readonly changed: readonly string[];
  /** When it was noticed, RFC 3339. */
  readonly at: string;
  /** `since` of a stream that goes on behind it. */
  readonly position: string;
}

/** A change as clients of plain JSON are told of it. */
export interface ToldChange extends ChangeSaid {
  /** The object right after this change; null when it was deleted. */
  readonly object: Value | null;
}

/** Changes were missed: read the lists again; what follows comes behind `position`. */
export interface ToldGap {
  readonly reason: Gap['reason'];
  readonly position: string;
}

export function changeSaid(scope: Scope, event: ToldEvent): ChangeSaid {
  const { change, object, id, at, position } = event.change;
  return {
    change: change.toUpperCase() as ChangeSaid['change'],
    objectType: object as ObjectName,
    id,
    changed: changedIn(scope, event),
    at,
    position: formatPosition(position),
  };
}

export function toldChange(view: View, scope: Scope, event: ToldEvent): ToldChange {
  const { after } = event.change;
  return { ...changeSaid(scope, event), object: after ? visibleValue(view, scope, rowOf(after)) : null };
}

export function toldGap({ reason, position }: Gap): ToldGap {
  return { reason, position: formatPosition(position) };
}
