import type { StoredObject } from '#schema/change.js';
import { objectNames, objects } from '#schema/objects.js';
import type { Position } from '#schema/position.js';
import type { Store } from '#platform/store/store.js';
import { Kind } from './kind.js';
import { rowOf, type Row } from './row.js';
import { slices } from './slices.js';

/** Everything a view knows, as of a position of the log. */
export interface Contents {
  readonly kinds: ReadonlyMap<string, Kind>;
  /** Last position that touched each list. */
  readonly marks: Map<string, Position>;
  position: Position;
}

/**
 * Reads what the store holds. The contents begin at the head noted before the first object was read; their marks are those of
 * `head`, noted after the last, so they may serve only when the log has been applied up to there. Rows of `former` that have
 * not changed are kept, with what was made of them.
 */
export async function readSnapshot(
  store: Store,
  former: ReadonlyMap<string, Kind>,
): Promise<{ readonly contents: Contents; readonly head: Position }> {
  const slice = slices();
  const kinds = new Map(objectNames.map((name) => [name as string, new Kind(objects[name])]));
  const unlisted = new Map(objectNames.map((name) => [name as string, new Map<string, () => void>()]));
  const again: Row[] = [];
  const { head: position, objects: chunks } = await store.snapshot();
  for await (const chunk of chunks) {
    for (const stored of chunk) {
      const row = sameRow(former, stored) ?? rowOf(stored);
      const kind = kinds.get(stored.object);
      // Deleted and created anew between two chunks.
      if (kind?.get(stored.id)) again.push(row);
      else if (kind) unlisted.get(stored.object)!.set(stored.id, kind.add(row));
      if (slice.over()) await slice.pause();
    }
  }
  const { head, marks } = await store.snapshot();
  for (const lists of unlisted.values()) {
    for (const id of [...lists.keys()].sort()) {
      lists.get(id)!();
      if (slice.over()) await slice.pause();
    }
  }
  for (const row of again) kinds.get(row.object)!.set(row);
  return { contents: { kinds, marks: new Map(marks), position }, head };
}

function sameRow(
  former: ReadonlyMap<string, Kind>,
  { object, id, position: { seq, tag } }: StoredObject,
): Row | undefined {
  const row = former.get(object)?.get(id);
  return row?.position.seq === seq && row.position.tag === tag ? row : undefined;
}
