import type { Change, StoredObject, Value } from '#schema/change.js';
import { mergePatchBetween } from '#schema/merge-patch.js';
import type { ObjectName } from '#schema/objects.js';
import { eventOf, type ToldEvent } from '../log/told-event.js';
import { type Reported } from '../matcher/event.js';

interface Told {
  readonly object: ObjectName;
  readonly kind: Reported;
  readonly before?: Value;
  readonly after?: Value;
  readonly id?: string;
  readonly tenant?: string | null;
  readonly seq?: number;
}

/** The entry of the log that the feed would write, and what is made of it. */
export function changeOf({ object, kind, before, after, id = 'x', tenant = null, seq = 1 }: Told): Change {
  const position = { seq, tag: 't' };
  const place = { object, id, tenant, instance: 'east', position };
  const entry = { ...place, change: kind, baseline: false, at: '2026-01-01T00:00:00Z' };
  const stored = (value: Value): StoredObject => ({ ...place, identity: id, value, projection: 'p' });
  if (kind === 'deleted') return { ...entry, reversePatch: before ?? {} };
  if (kind === 'created') return { ...entry, after: stored(after ?? {}) };
  return { ...entry, after: stored(after ?? {}), reversePatch: mergePatchBetween(after ?? {}, before ?? {}) };
}

export function told(event: Told): ToldEvent {
  return eventOf(changeOf(event));
}
