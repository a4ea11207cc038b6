import type { StoredObject } from '#schema/change.js';
import { objectNames, objects } from '#schema/objects.js';
import { samePosition, type Position } from '#schema/position.js';
import type { Store, UnparsedObject } from '#platform/store/store.js';
import { Kind } from './kind.js';
import { Passed } from './passed.js';
import { rowOf, UnparsedRow, type Row } from './row.js';
import { slices } from './slices.js';

/** Everything a view knows, as of a position of the log. */
export interface Contents {
  readonly kinds: ReadonlyMap<string, Kind>;
  /** Last position that touched each list. */
  readonly marks: Map<string, Position>;
  position: Position;
  /** What stands in the log up to there. */
  passed: Passed;
}

/**
 * Reads what the store holds: objects as they are met while the log goes on, and the marks that are noted last. They agree once
 * the log has been applied from `position` (noted first) to its end; before that they must not serve. Rows of `former` that
 * have not changed are kept, with what was made of them.
 */
export async function readSnapshot(store: Store, former: ReadonlyMap<string, Kind>): Promise<Contents> {
  const slice = slices();
  const pause = async () => void (slice.over() && (await slice.pause()));
  const kinds = new Map(objectNames.map((name) => [name as string, new Kind(objects[name])]));
  const { head: position, objects: chunks } = await store.snapshot();
  for await (const chunk of chunks) {
    for (const stored of chunk) {
      const kind = kinds.get(stored.object);
      // One that was deleted and created anew meanwhile may be met twice; the log tells how it ended.
      if (kind && !kind.get(stored.id)) kind.add(sameRow(former, stored) ?? newRow(stored));
      if (slice.over()) await slice.pause();
    }
  }
  const { marks } = await store.snapshot();
  for (const kind of kinds.values()) await kind.arrange(pause);
  return { kinds, marks: new Map(marks), position, passed: new Passed(position) };
}

function newRow(stored: StoredObject | UnparsedObject): Row {
  return 'json' in stored ? new UnparsedRow(stored) : rowOf(stored);
}

function sameRow(
  former: ReadonlyMap<string, Kind>,
  { object, id, position }: StoredObject | UnparsedObject,
): Row | undefined {
  const row = former.get(object)?.get(id);
  return samePosition(row?.position, position) ? row : undefined;
}
