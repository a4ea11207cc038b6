import { setImmediate as nextTurn, setTimeout as timeout } from 'node:timers/promises';
import type { Position } from '#schema/position.js';
import type { Backlog } from './backlog.js';
import type { Entry } from '../log/recent.js';
import type { Lost } from '../log/reader.js';
import type { Workshop } from './workshop.js';

const afterFailure = 1000;
/** What the one who follows the log will have read soon. */
const closeBy = 20;

interface Seeker {
  left(): boolean;
  wants(entry: Entry): boolean;
  /** Something may have been put in line. */
  found(): void;
  lost(why: Lost): Promise<void>;
  failed(error: unknown): void;
}

type Around = Pick<Workshop, 'reader' | 'tail'>;

/** Reads the log for one subscription until enough is in line, or until it follows the log with all others. */
export async function fill(backlog: Backlog, around: Around, seeker: Seeker): Promise<void> {
  try {
    for (let from = backlog.wanted; from && !seeker.left(); from = backlog.wanted) {
      await look(backlog, from, around, seeker);
      seeker.found();
      await nextTurn();
    }
  } catch (error) {
    seeker.failed(error);
    await timeout(afterFailure, undefined, { ref: false });
  }
}

async function look(backlog: Backlog, from: Position, { reader, tail }: Around, seeker: Seeker): Promise<void> {
  const read = await reader.after(from);
  // It may have been sent elsewhere meanwhile.
  if (seeker.left() || backlog.wanted !== from) return;
  if (read.outcome === 'read') {
    backlog.scan(read.entries, (entry) => seeker.wants(entry), tail.position);
    if (read.entries.length > 0 || backlog.live) return;
  } else if (read.outcome !== 'ahead') return seeker.lost(read);
  await tail.caughtUp();
  if (tail.position.seq <= from.seq) await timeout(closeBy, undefined, { ref: false });
}
