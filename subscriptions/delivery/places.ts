import { z } from 'zod';
import { parsePosition, type Position } from '#schema/position.js';
import { Fault, invalid } from '#schema/errors.js';
import { origin } from '#schema/position.js';
import type { Store } from '#platform/store/store.js';
import type { Mark } from './documents.js';
import type { Lost } from '../log/reader.js';
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

async function stands(store: Store, position: Position): Promise<boolean> {
  return (await store.read(position, 1)).outcome === 'read';
}

/**
 * Where to go on when the log no longer has a place. In a log that was rewritten, behind the last place that both have: what
 * was lost was either told or is found again by who reads the backends. Only without one may changes be missing.
 */
export async function relocated(
  store: Store,
  { passed, head }: { readonly passed: Iterable<Position>; readonly head: Position },
  position: Position,
  why: Lost,
): Promise<{ readonly position: Position; readonly lost?: string }> {
  if (await stands(store, position)) return { position };
  if (why.outcome === 'gone') {
    const lost = 'The log was trimmed before all was delivered; changes are missing.';
    return { position: why.oldest.position, lost };
  }
  const earlier = [...passed].filter(({ seq }) => seq <= position.seq).sort((a, b) => b.seq - a.seq);
  const common = await firstThat(earlier, (each) => stands(store, each));
  if (common) return { position: common };
  return { position: head, lost: 'The log was rewritten; changes between may be missing.' };
}

/** The first of which something is true; of those behind it, it is true as well. */
async function firstThat<T>(all: readonly T[], holds: (each: T) => Promise<boolean>): Promise<T | undefined> {
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (await holds(all[middle]!)) high = middle;
    else low = middle + 1;
  }
  return all[low];
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
