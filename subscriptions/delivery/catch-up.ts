import { setImmediate as nextTurn, setTimeout as timeout } from 'node:timers/promises';
import type { Position } from '#schema/position.js';
import type { Backlog } from './backlog.js';
import type { Entry } from '../log/recent.js';
import type { Lost } from '../log/reader.js';
import type { Workshop } from './workshop.js';

const afterFailure = 1000;
/** What the one who follows the log will have read soon. */
const closeBy = 20;
/** Entries that are matched at once. */
const piece = 16;

interface Seeker {
  left(): boolean;
  /** The log that is followed has the place it reads from. */
  stands(): void;
  wants(entry: Entry): boolean;
  /** Something may have been put in line. */
  found(): void;
  lost(why: Lost): Promise<void>;
  failed(error: unknown): void;
}

type Around = Pick<Workshop, 'reader' | 'tail' | 'turns'>;

/** Reads the log for one subscription until enough is in line, or until it follows the log with all others. */
export async function fill(backlog: Backlog, around: Around, seeker: Seeker): Promise<void> {
  try {
    for (let from = backlog.wanted; from && !seeker.left(); from = backlog.wanted) {
      await look(backlog, from, around, seeker);
      await nextTurn();
    }
  } catch (error) {
    seeker.failed(error);
    await timeout(afterFailure, undefined, { ref: false });
  }
}

async function look(backlog: Backlog, from: Position, around: Around, seeker: Seeker): Promise<void> {
  const { reader, tail } = around;
  const read = await reader.after(from);
  // It may have been sent elsewhere meanwhile.
  if (seeker.left() || backlog.wanted !== from) return;
  if (read.outcome === 'read') {
    seeker.stands();
    if (seeker.left()) return;
    await match(backlog, read.entries, around, seeker);
    if (read.entries.length > 0 || backlog.wanted !== from) return;
  } else if (read.outcome !== 'ahead') return seeker.lost(read);
  await tail.caughtUp();
  if (tail.position.seq <= from.seq) await timeout(closeBy, undefined, { ref: false });
}

/** In turns with all others who catch up: that of thousands would keep the loop for longer than leases are believed in. */
async function match(backlog: Backlog, read: readonly Entry[], { tail, turns }: Around, seeker: Seeker): Promise<void> {
  let [at, place] = [0, backlog.wanted];
  await turns.until(() => {
    // It may have been sent elsewhere while it waited for its turn.
    if (!place || seeker.left() || backlog.wanted !== place) return true;
    // What came meanwhile follows in the same turn: behind many others it would never come to the end of a log that grows.
    const entries = at < read.length ? read.slice(at, at + piece) : (tail.recent.after(place, piece) ?? []);
    at += piece;
    backlog.scan(entries, (entry) => seeker.wants(entry), tail.position);
    place = backlog.wanted;
    seeker.found();
    return entries.length === 0;
  });
}
