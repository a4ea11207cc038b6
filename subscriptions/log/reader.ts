import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Change } from '#schema/change.js';
import type { Position } from '#schema/position.js';
import type { LogRead, Store } from '#platform/store/store.js';
import { indexAfter, type Entry, type Recent } from './recent.js';

/** Entries read at once. Reads end at multiples of it, so that all who catch up read the same pieces. */
const piece = 256;
const pieces = 32;
const atOnce = 4;

export type EntriesRead =
  { readonly outcome: 'read'; readonly entries: readonly Entry[] } | Exclude<LogRead, { readonly outcome: 'read' }>;

/** The log behind the end that is in memory, read once for all who are behind. */
export interface LogReader {
  /** Entries behind a place, at least one unless it is the head. */
  after(position: Position): Promise<EntriesRead>;
  /** What was read is of a log that was rewritten. */
  forget(): void;
}

interface Piece {
  readonly from: Position;
  readonly entries: readonly Entry[];
}

export function logReader(
  store: Store,
  { recent, entryOf }: { recent(): Recent; entryOf(change: Change): Entry },
): LogReader {
  const known = new Map<number, Piece>();
  const reading = new Map<string, Promise<EntriesRead>>();
  const waiting: (() => void)[] = [];
  let active = 0;

  async function read(from: Position): Promise<EntriesRead> {
    while (active >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    active += 1;
    try {
      // Others may have read it meanwhile.
      const entries = within(known.get(pieceOf(from)), from);
      if (entries) return { outcome: 'read', entries };
      const found = await store.read(from, piece - (from.seq % piece));
      // Others have their turn between two pieces.
      await nextTurn();
      if (found.outcome !== 'read') return found;
      const read = found.changes.map(entryOf);
      remember(known, { from, entries: read });
      return { outcome: 'read', entries: read };
    } finally {
      active -= 1;
      waiting.shift()?.();
    }
  }

  return {
    after(position) {
      const entries = recent().after(position, piece) ?? within(known.get(pieceOf(position)), position);
      if (entries) return Promise.resolve({ outcome: 'read', entries });
      const key = `${position.seq}.${position.tag}`;
      let found = reading.get(key);
      if (!found) {
        found = read(position).finally(() => reading.delete(key));
        reading.set(key, found);
      }
      return found;
    },
    forget: () => known.clear(),
  };
}

function pieceOf({ seq }: Position): number {
  return Math.floor(seq / piece);
}

function remember(known: Map<number, Piece>, read: Piece): void {
  const key = pieceOf(read.from);
  const before = known.get(key);
  if (before && before.from.seq <= read.from.seq && endOf(before) >= endOf(read)) return;
  known.delete(key);
  known.set(key, read);
  if (known.size > pieces) known.delete(known.keys().next().value!);
}

function endOf({ from, entries }: Piece): number {
  return (entries.at(-1)?.change.position ?? from).seq;
}

/** What a piece holds behind a place in it. */
function within(known: Piece | undefined, { seq, tag }: Position): readonly Entry[] | undefined {
  if (!known || known.from.seq > seq) return undefined;
  const index = indexAfter(known.entries, seq);
  const stands = index === 0 ? known.from : known.entries[index - 1]!.change.position;
  return stands.seq === seq && stands.tag === tag && index < known.entries.length
    ? known.entries.slice(index)
    : undefined;
}
