import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Change } from '#schema/change.js';
import { samePosition, type Position } from '#schema/position.js';
import type { LogRead, Store } from '#platform/store/store.js';
import { indexAfter, type Entry } from './recent.js';
import { sizeOf } from './size.js';
import type { Tail } from './tail.js';

/** Entries read at once. Reads end at multiples of it, so that all who catch up read the same pieces. */
const piece = 256;
/** Kept, and all they may take as `sizeOf` counts; one that is larger alone is given and not kept. */
const pieces = 32;
const pieceBytes = 32 * 1024 * 1024;
const atOnce = 4;

/** The log does not go on from a place: it was trimmed away, or is of another log. */
export type Lost = Exclude<LogRead, { readonly outcome: 'read' }>;

/** `ahead`: the place stands, but further on than the tail: whether it stays is not known before the tail has come there. */
export type EntriesRead =
  { readonly outcome: 'read'; readonly entries: readonly Entry[] } | { readonly outcome: 'ahead' } | Lost;

/**
 * The log behind the end that is in memory, read once for all who are behind. It gives what the tail has passed and nothing
 * beyond: that is not on every replica yet, and a failover may put something else in its place.
 */
export interface LogReader {
  /** Entries behind a place, at least one unless it is that of the tail. */
  after(position: Position): Promise<EntriesRead>;
  /** What was read is of a log that was rewritten. */
  forget(): void;
}

interface Piece {
  readonly from: Position;
  readonly entries: readonly Entry[];
}

/** By their numbers. */
type Pieces = LRUCache<number, Piece>;

function noPieces(): Pieces {
  const sizeCalculation = ({ entries }: Piece) => entries.reduce((sum, { change }) => sum + sizeOf(change), 1);
  return new LRUCache({ max: pieces, maxSize: pieceBytes, sizeCalculation });
}

export function logReader(
  store: Store,
  { tail, entryOf }: { tail(): Pick<Tail, 'position' | 'recent' | 'caughtUp'>; entryOf(change: Change): Entry },
): LogReader {
  let known = noPieces();
  let reading = new Map<string, Promise<EntriesRead>>();
  const waiting: (() => void)[] = [];
  let active = 0;

  async function read(from: Position): Promise<EntriesRead> {
    while (active >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    active += 1;
    try {
      // Else it would be told of a log together with what waits to be told of the former one.
      if (tail().recent.differs(from)) await tail().caughtUp();
      // Others may have read it meanwhile.
      const pieces = known;
      const entries = within(pieces.get(pieceOf(from)), from);
      if (entries) return { outcome: 'read', entries };
      const read = await followed(store, tail, from);
      if ('outcome' in read) return read;
      const made = read.map(entryOf);
      // Of the log that was followed when the read began: `forget` took another map.
      remember(pieces, { from, entries: made });
      return { outcome: 'read', entries: made };
    } finally {
      active -= 1;
      waiting.shift()?.();
    }
  }

  return {
    after(position) {
      const entries = tail().recent.after(position, piece) ?? within(known.get(pieceOf(position)), position);
      if (entries) return Promise.resolve({ outcome: 'read', entries });
      const key = `${position.seq}.${position.tag}`;
      let found = reading.get(key);
      if (!found) {
        const all = reading;
        found = read(position).finally(() => all.delete(key));
        all.set(key, found);
      }
      return found;
    },
    forget() {
      known = noPieces();
      // Who comes now is of the log as it is now.
      reading = new Map();
    },
  };
}

/** What stands behind a place in the log that the tail follows, up to where it was when that was asked. */
async function followed(
  store: Store,
  tail: () => Pick<Tail, 'position' | 'caughtUp'>,
  from: Position,
): Promise<readonly Change[] | { readonly outcome: 'ahead' } | Lost> {
  const end = tail().position;
  const ahead = from.seq > end.seq;
  const wanted = ahead ? 1 : piece - (from.seq % piece);
  const found = await store.read(from, wanted);
  // Others have their turn between two pieces.
  await nextTurn();
  if (found.outcome !== 'read') return found;
  if (ahead) return { outcome: 'ahead' };
  const read = toldUpTo(end, found, { from, wanted });
  if (read) return read;
  // Where the tail knows it by then, who asks is told so with all others.
  await tail().caughtUp();
  return { outcome: 'rewritten' };
}

/** Those up to where the tail was; undefined when the log ends before that, or has another entry there than the tail has passed. */
function toldUpTo(
  { seq, tag }: Position,
  { changes, more }: Extract<LogRead, { readonly outcome: 'read' }>,
  { from, wanted }: { readonly from: Position; readonly wanted: number },
): readonly Change[] | undefined {
  const end = changes.at(-1)?.position ?? from;
  if (!more && changes.length < wanted && end.seq < seq) return undefined;
  const read = changes.filter(({ position }) => position.seq <= seq);
  const last = read.at(-1)?.position;
  return last?.seq === seq && last.tag !== tag ? undefined : read;
}

function pieceOf({ seq }: Position): number {
  return Math.floor(seq / piece);
}

function remember(known: Pieces, read: Piece): void {
  const key = pieceOf(read.from);
  const before = known.get(key);
  if (before && before.from.seq <= read.from.seq && endOf(before).seq >= endOf(read).seq) return;
  const goesOn = before && samePosition(endOf(before), read.from);
  // A read that came to the tail, or of large entries, ends within a piece: what goes on is kept with it, unless that is too
  // much.
  if (goesOn) known.set(key, { from: before.from, entries: [...before.entries, ...read.entries] });
  if (!goesOn || !known.has(key)) known.set(key, read);
}

function endOf({ from, entries }: Piece): Position {
  return entries.at(-1)?.change.position ?? from;
}

/** What a piece holds behind a place in it. */
function within(known: Piece | undefined, place: Position): readonly Entry[] | undefined {
  if (!known || known.from.seq > place.seq) return undefined;
  const index = indexAfter(known.entries, place.seq);
  const stands = index === 0 ? known.from : known.entries[index - 1]!.change.position;
  return samePosition(stands, place) && index < known.entries.length ? known.entries.slice(index) : undefined;
}
