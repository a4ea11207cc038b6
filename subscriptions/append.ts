import type { StoredObject } from '#schema/change.js';
import { origin, type Position } from '#schema/position.js';
import type { Entry } from '#platform/store/store.js';
import { reconcile, type ChangeEvent, type Circumstances } from './reconcile.js';

/** What reports come to: one append, and how many of them cannot be judged. */
export interface Reconciled {
  readonly entries: readonly Entry[];
  readonly refreshed: readonly StoredObject[];
  readonly expect: ReadonlyMap<string, Position | undefined>;
  readonly ignored: number;
}

/** `stored` is the state of each event's object. A later report of the same object is judged by the earlier one's outcome. */
export function appendOf(
  events: readonly ChangeEvent[],
  stored: readonly (StoredObject | undefined)[],
  by: Circumstances,
): Reconciled {
  const entries: Entry[] = [];
  /** Place in `entries` of each object's last one. */
  const written = new Map<string, number>();
  const refreshed = new Map<string, StoredObject>();
  const expect = new Map<string, Position | undefined>();
  const current = new Map<string, StoredObject | undefined>();
  let ignored = 0;
  events.forEach((event, index) => {
    const { id } = event;
    const before = current.has(id) ? current.get(id) : stored[index];
    const decision = reconcile(event, before, by);
    // A deletion that cannot be judged is found by the next list anyway.
    if (decision.kind === 'ignored' && event.type === 'upsert') ignored += 1;
    if (decision.kind === 'nothing' || decision.kind === 'ignored') return;
    if (!expect.has(id)) expect.set(id, stored[index]?.position);
    const at = written.get(id);
    if (decision.kind === 'entry') {
      refreshed.delete(id);
      if (decision.left) entries.push(decision.left);
      written.set(id, entries.push(decision.entry) - 1);
      const { after } = decision.entry;
      // Its position is not known before the append; what is judged next needs only value and version.
      current.set(id, after && { ...after, position: before?.position ?? origin });
      return;
    }
    current.set(id, decision.object);
    if (at === undefined) refreshed.set(id, decision.object);
    else entries[at] = { ...entries[at]!, after: decision.object };
  });
  return { entries, refreshed: [...refreshed.values()], expect, ignored };
}
