import { z } from 'zod';
import { parsePosition, type Position } from '#schema/position.js';
import { Fault, invalid } from '#schema/errors.js';
import { origin } from '#schema/position.js';
import type { Store } from '#platform/store/store.js';
import type { Mark } from './documents.js';
import { stands } from './relocation.js';
import type { Surroundings } from './surroundings.js';

const minute = 60_000;
const hour = 60 * minute;
const most = 80;

type Trail = Mark['trail'];

/** Adds a place to those that were passed: close ones of the last minutes, hourly ones of the last days. */
export function onTrail(trail: Trail, position: Position, now: number): Trail {
  const kept = new Map<string, Trail[number]>();
  for (const each of [{ position, at: now }, ...trail]) {
    const age = now - each.at;
    const gap = age < 2 * minute ? minute / 6 : age < hour ? 5 * minute : hour;
    // Of each stretch of time the oldest: stretches do not move, so that places grow old.
    kept.set(`${gap} ${Math.floor(each.at / gap)}`, each);
  }
  return [...kept.values()].slice(0, most);
}

const Time = z.iso.datetime({ offset: true });

/** The place from which everything `since` (a position, or a time in RFC 3339 that has been) follows. */
export async function placeSince(
  { store, clock }: Pick<Surroundings, 'store' | 'clock'>,
  since: string,
  trail: Trail,
  signal: AbortSignal,
): Promise<Position> {
  const position = parsePosition(since);
  const gone = (what: string) =>
    new Fault('GONE', `The log was trimmed beyond ${what}; read the inventory anew.`, { at: 'since' });
  if (position) {
    const { outcome } = await store.read(position, 1);
    if (outcome === 'gone') throw gone('this position');
    if (outcome === 'rewritten') throw invalid('There is no such position in the log.', 'since');
    return position;
  }
  if (!Time.safeParse(since).success)
    throw invalid('Give a position, or a time in RFC 3339, such as 2027-01-31T12:00:00Z.', 'since');
  const time = Date.parse(since);
  if (time > clock.now()) throw invalid('This time is still to come.', 'since');
  const from = await startBefore(store, time, trail);
  if (!from) throw gone('this time');
  return lastBefore(store, from, time, signal);
}

/** Somewhere before a time, as near as is known. */
async function startBefore(store: Store, time: number, trail: Trail): Promise<Position | undefined> {
  for (const { position, at } of [...trail].sort((a, b) => b.at - a.at))
    if (at < time - minute && (await stands(store, position))) return position;
  const first = await store.read(origin, 1);
  if (first.outcome !== 'gone') return origin;
  // Of the oldest one's own time others may have been trimmed.
  return Date.parse(first.oldest.at) < time ? first.oldest.position : undefined;
}

async function lastBefore(store: Store, from: Position, time: number, signal: AbortSignal): Promise<Position> {
  for (let position = from; ;) {
    signal.throwIfAborted();
    const read = await store.read(position, 1000);
    if (read.outcome !== 'read' || read.changes.length === 0) return position;
    for (const change of read.changes) {
      if (Date.parse(change.at) >= time) return position;
      position = change.position;
    }
  }
}
