import type { Value } from '#schema/change.js';
import { formatPosition, parsePosition, type Position } from '#schema/position.js';
import type { Failing, Health } from './course.js';

/** Kinds of the documents in which deliveries are kept; but for marks and members all have the id of the subscription, or begin with it. */
export const kinds = {
  delivery: 'delivery',
  secret: 'deliverySecret',
  replay: 'deliveryReplay',
  deadLetter: 'deadLetter',
  /** Up to which dead letter a restore has come; by subscription and when that was created. */
  brought: 'deliveryBrought',
  /** By number of a shard. */
  mark: 'deliveryMark',
  /** By name of a process. */
  member: 'deliveryMember',
} as const;

/** One attempt to post, as it is shown. */
export interface Attempt {
  readonly at: string;
  readonly milliseconds: number;
  readonly status?: number;
  readonly error?: string;
}

/** How far a subscription has got; written by who holds the lease of its shard. */
export interface Progress {
  /** Nothing at or before it is owed. */
  readonly position: Position;
  readonly delivered: number;
  /** Dead letters that made room for newer ones. */
  readonly dropped?: number;
  /** Something behind `position` is owed; absent when the position of the shard counts, if that is later. */
  readonly owed?: { readonly since?: string };
  /** Nothing at or before `reach` is owed either, but for `pending`: what is done out of order (ordering `resource`). */
  readonly window?: { readonly reach: number; readonly pending: readonly number[] };
  /** Of the oldest notification that failed so far. */
  readonly failing?: Failing;
  readonly health?: Health;
  readonly lastAttempt?: Attempt;
  /** Why changes may be missing; until the consumer resumes the subscription. */
  readonly lost?: string;
  /** Its row has not said so yet: it was paused, or disabled, when it lost them. */
  readonly untold?: true;
  /** The replay that `position` was last set back for. */
  readonly replayed?: string;
  /** When the subscription was created from a backup, RFC 3339. */
  readonly restored?: string;
  /** The `backupId` of that one, if it has any. */
  readonly restoredFrom?: string;
}

/** What is counted and noted of a subscription beside its place. */
export type Tally = {
  -readonly [
    Name in 'delivered' | 'dropped' | 'lastAttempt' | 'replayed' | 'restored' | 'restoredFrom'
  ]: Progress[Name];
};

export function tallyOf({ delivered, dropped, lastAttempt, replayed, restored, restoredFrom }: Progress): Tally {
  return { delivered, dropped, lastAttempt, replayed, restored, restoredFrom };
}

export function progressValue({ position, ...rest }: Progress): Value {
  return { position: formatPosition(position), ...rest };
}

export function progressOf(value: Value): Progress {
  const { position, ...rest } = value as unknown as Omit<Progress, 'position'> & { readonly position: string };
  return { ...rest, position: positionOf(position) };
}

/** A position that we wrote ourselves. */
export function positionOf(text: unknown): Position {
  const position = typeof text === 'string' ? parsePosition(text) : undefined;
  if (!position) throw new Error(`A delivery document holds '${String(text)}' where a position belongs.`);
  return position;
}

/** How far a whole shard has got, and places it passed before, newest first. */
export interface Mark {
  readonly position: Position;
  readonly trail: readonly { readonly position: Position; readonly at: number }[];
}

export function markValue({ position, trail }: Mark): Value {
  return {
    position: formatPosition(position),
    trail: trail.map((each) => ({ position: formatPosition(each.position), at: each.at })),
  };
}

export function markOf(value: Value): Mark {
  const trail = value['trail'] as readonly { readonly position: string; readonly at: number }[];
  return {
    position: positionOf(value['position']),
    trail: trail.map(({ position, at }) => ({ position: positionOf(position), at })),
  };
}

/** Where a subscription stands when its shard stands at `mark`. */
export function reached(progress: Progress, mark: Position | undefined): Position {
  if (progress.owed || !mark) return progress.position;
  return mark.seq > progress.position.seq ? mark : progress.position;
}

/** Shards into which subscriptions are divided: what a lease is held of. */
export const shardCount = 16;

/** FNV-1a: the same in every process and release. */
export function shardOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % shardCount;
}
