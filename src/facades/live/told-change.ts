import type { ObjectName, ValueOf } from '#schema/objects.js';
import { formatPosition } from '#schema/position.js';
import type { Scope } from '#schema/scope.js';
import type { Gap } from '#subscriptions/live/stream.js';
import type { ToldEvent } from '#subscriptions/log/told-event.js';
import { rowOf } from '../../inventory/row.js';
import type { View } from '../../inventory/view.js';
import { visibleValue } from '../../operations/visible.js';
import { changedIn } from '../../operations/watch.js';

/** What every facade tells of one change beside the object, to one scope. */
export class Facts {
  readonly change: string;
  readonly objectType: string;
  readonly id: string;
  /** Names of the attributes that a modification changed. */
  readonly changed: readonly string[];
  /** When it was noticed, RFC 3339. */
  readonly at: string;
  readonly position: string;
  /** Several changes told as one. */
  readonly conflated: boolean;

  constructor(event: ToldEvent, scope: Scope) {
    const { change, object, id, at, position } = event.change;
    this.change = change.toUpperCase();
    this.objectType = object;
    this.id = id;
    this.changed = changedIn(scope, event);
    this.at = at;
    this.position = formatPosition(position);
    this.conflated = event.conflated === true;
  }
}

interface ChangeOf<N extends ObjectName> {
  readonly change: 'CREATED' | 'MODIFIED' | 'DELETED';
  readonly objectType: N;
  readonly id: string;
  /** The object right after this change, derived attributes as they are now; null when it was deleted. */
  readonly object: ValueOf<N> | null;
  /** Names of the attributes that a modification changed. */
  readonly changed: readonly string[];
  /** When it was noticed, RFC 3339. */
  readonly at: string;
  /** Where a stream goes on behind it. */
  readonly position: string;
  /** Several changes of the object told as one, to who is far behind: `change` and `changed` say what they come to. */
  readonly conflated?: true;
}

/** One change as plain JSON; `objectType` says of what `object` is. */
export type ToldChange = { readonly [N in ObjectName]: ChangeOf<N> }[ObjectName];

/** Changes may have been missed: read the lists again; what follows comes behind `position`. */
export interface ToldGap {
  readonly reason: Gap['reason'];
  readonly position: string;
}

export function toldChange(view: View, scope: Scope, event: ToldEvent): ToldChange {
  const { change, objectType, id, changed, at, position, conflated } = new Facts(event, scope);
  const { after } = event.change;
  const object = after ? visibleValue(view, scope, rowOf(after)) : null;
  return { change, objectType, id, object, changed, at, position, ...(conflated && { conflated }) } as ToldChange;
}

export function toldGap({ reason, position }: Gap): ToldGap {
  return { reason, position: formatPosition(position) };
}
