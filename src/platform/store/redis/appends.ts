import { randomBytes } from 'node:crypto';
import type { StoredObject } from '#schema/change.js';
import { formatPosition, type Position } from '#schema/position.js';
import type { Append, Appended, Entry } from '../store.js';
import { demandWhole } from '../whole-entry.js';
import { appendScript } from './append-script.js';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { heldText } from './leases.js';
import { entryText } from './log.js';
import { stateText } from './objects.js';

type Answer =
  readonly ['appended', seq: string, tag: string] | readonly ['conflict', ...string[]] | readonly ['fenced'];

/** A batch as the script reads it, with its values as JSON text: bad input fails before anything is sent. */
export interface EncodedAppend {
  readonly args: readonly (string | number)[];
  readonly tag: string;
  readonly count: number;
}

export function encode(append: Append, keys: Keys): EncodedAppend {
  const { entries, refreshed = [], cursor, fence } = append;
  const tag = randomBytes(6).toString('hex');
  const args: (string | number)[] = [keys.prefix, tag];
  args.push(...(fence ? [keys.lease(fence.name), heldText(fence)] : ['', '']));
  pushExpected(args, append);
  args.push(entries.length);
  for (const entry of entries) pushEntry(args, entry);
  args.push(refreshed.length);
  for (const object of refreshed) pushRefreshed(args, object);
  args.push(...(cursor ? [1, cursor.instance, JSON.stringify(cursor.cursor)] : [0]));
  return { args, tag, count: entries.length };
}

function pushExpected(args: (string | number)[], { expect, entries, refreshed = [] }: Append): void {
  args.push(expect?.size ?? 0);
  if (!expect) return;
  const named = new Map<string, string>();
  for (const { id, object } of refreshed) named.set(id, object);
  for (const { id, object } of entries) named.set(id, object);
  for (const [id, position] of expect) args.push(id, named.get(id) ?? '', position ? formatPosition(position) : '');
}

function pushEntry(args: (string | number)[], entry: Entry): void {
  demandWhole(entry);
  const { object, id, instance, after, marks } = entry;
  args.push(object, id, instance, entryText(entry), after ? stateText(after) : '', marks.length);
  // Not spread: there may be more than an argument list holds.
  for (const mark of marks) args.push(mark);
}

function pushRefreshed(args: (string | number)[], refreshed: StoredObject): void {
  const { object, id, position } = refreshed;
  args.push(object, id, formatPosition(position), stateText(refreshed));
}

/** Writes a batch on `connection`, by one script. */
export async function append(
  connection: Connection,
  keys: Keys,
  { args, tag, count }: EncodedAppend,
): Promise<Appended> {
  const names = [keys.log(), keys.head(), keys.marks(), keys.cursors(), keys.types(), keys.appended()];
  const answer = await connection.run<Answer>(appendScript, names, args);
  if (answer[0] === 'fenced') return { outcome: 'fenced' };
  if (answer[0] === 'conflict') return { outcome: 'conflict', ids: answer.slice(1) };
  const head: Position = { seq: Number(answer[1]), tag: answer[2] };
  const first = head.seq - count + 1;
  return { outcome: 'appended', positions: Array.from({ length: count }, (_, n) => ({ seq: first + n, tag })), head };
}
