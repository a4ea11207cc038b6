import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Change, ChangeKind, StoredObject, Value } from '#schema/change.js';
import { origin, type Position } from '#schema/position.js';
import { settledNow } from '../../clock.js';
import { found, mostRead } from '../found.js';
import type { Entry, LogRead } from '../store.js';
import type { Database } from './database.js';
import { RecentChanges, type Written } from './recent-changes.js';

/** Entries dropped in one turn of the event loop. */
const slice = 1000;

interface Place extends Position {
  readonly at: number;
  readonly bytes: number;
  readonly total: number;
}

interface LogRow extends Position {
  readonly at: number;
  readonly change: ChangeKind;
  readonly baseline: number;
  readonly object: string;
  readonly id: string;
  readonly tenant: string | null;
  readonly instance: string;
  readonly identity: string | null;
  readonly nativeVersion: string | null;
  readonly projection: string | null;
  readonly value: string | null;
  readonly reversePatch: string | null;
}

/** An entry with the JSON text of its parts: made before the transaction begins, so that bad input fails alone. */
export interface EncodedEntry {
  readonly entry: Entry;
  readonly value: string | null;
  readonly reversePatch: string | null;
}

/** Entries in the order of their `seq`, which has no gaps: only the oldest are ever dropped, and never the newest. */
export class Log {
  readonly #database: Database;
  readonly #insert;
  readonly #newest;
  readonly #oldest;
  readonly #tag;
  readonly #after;
  readonly #beyond;
  readonly #drop;
  readonly #recent = new RecentChanges();

  constructor(database: Database) {
    this.#database = database;
    this.#insert = database.prepare('INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#newest = database.prepare<Place>('SELECT seq, tag, at, bytes, total FROM log ORDER BY seq DESC LIMIT 1');
    this.#oldest = database.prepare<Place>('SELECT seq, tag, at, bytes, total FROM log ORDER BY seq LIMIT ?');
    this.#tag = database.prepare<{ readonly tag: string }>('SELECT tag FROM log WHERE seq = ?');
    this.#after = database.prepare<LogRow>(
      `SELECT seq, tag, at, change, baseline, object, id, tenant, instance, identity, native_version AS nativeVersion,
         projection, value, reverse_patch AS reversePatch FROM log WHERE seq > ? ORDER BY seq LIMIT ?`,
    );
    // `total` grows along the log, and counts each entry itself.
    this.#beyond = database.prepare<Pick<Place, 'seq'>>(
      `SELECT seq FROM log WHERE seq > ? AND seq <= ? AND total > ? + (SELECT total - bytes FROM log WHERE seq = ?)
         ORDER BY seq LIMIT 1`,
    );
    this.#drop = database.prepare('DELETE FROM log WHERE seq <= ?');
  }

  /** Whether the entry stands there. */
  holds({ seq, tag }: Position): boolean {
    return seq === origin.seq || this.#tag.get(seq)?.tag === tag;
  }

  /** Place of the newest entry. */
  head(): Position {
    const { seq, tag } = this.#newest.get() ?? origin;
    return { seq, tag };
  }

  /** Writes entries behind the head; returns where each stands. */
  append(entries: readonly EncodedEntry[], tag: string): readonly Position[] {
    const at = Date.now();
    const before = this.#newest.get() ?? { ...origin, total: 0 };
    let { seq, total } = before;
    const written = entries.map((encoded) => {
      const row = rowOf(encoded, { seq: (seq += 1), tag }, at);
      const { change, baseline, object, id, tenant, instance, identity, value, reversePatch } = row;
      const bytes = sizeOf(object, id, instance, identity, value, reversePatch);
      total += bytes;
      const of = [object, id, tenant, instance, identity, row.nativeVersion, row.projection, value, reversePatch];
      this.#insert.run(seq, tag, at, bytes, total, change, baseline, ...of);
      return writtenAs(row, bytes);
    });
    this.#recent.push({ seq: before.seq, tag: before.tag }, written);
    return written.map(({ position }) => position);
  }

  read(from: Position, limit: number): LogRead {
    const head = this.head();
    const recent = this.#recent.after(from, limit, head);
    if (recent) return found(recent, limit, head.seq);
    if (from.seq === origin.seq && from.tag !== origin.tag) return { outcome: 'rewritten' };
    const first = this.#oldest.get(1);
    // The first entry of all follows the origin, which nothing stands at.
    if (first && from.seq < first.seq && !(from.seq === origin.seq && first.seq === 1))
      return { outcome: 'gone', oldest: placeOf(first) };
    if (!this.holds(from)) return { outcome: 'rewritten' };
    return found(this.#after.all(from.seq, this.#fit(from.seq, limit)).map(changeOf), limit, head.seq);
  }

  /** As many entries behind a place as one read gives. */
  #fit(seq: number, limit: number): number {
    const beyond = this.#beyond.get(seq, seq + limit, mostRead, seq + 1);
    return beyond ? Math.max(1, beyond.seq - seq - 1) : limit;
  }

  async trim(budget: { readonly hours: number; readonly bytes: number }): Promise<number> {
    for (let dropped = 0; ; await nextTurn()) {
      const count = this.#trimSlice(budget);
      dropped += count;
      if (count < slice) return dropped;
    }
  }

  #trimSlice({ hours, bytes }: { readonly hours: number; readonly bytes: number }): number {
    return this.#database.transaction(() => {
      const newest = this.#newest.get();
      const horizon = settledNow() - hours * 3_600_000;
      const oldest = this.#oldest.all(slice);
      const kept = oldest.findIndex(
        (row) => row.seq === newest!.seq || (row.at >= horizon && newest!.total - row.total + row.bytes <= bytes),
      );
      const beyond = kept === -1 ? oldest : oldest.slice(0, kept);
      if (beyond.length > 0) this.#drop.run(beyond.at(-1)!.seq);
      if (beyond.length > 0) this.#recent.forget();
      return beyond.length;
    });
  }
}

function sizeOf(...texts: readonly (string | null)[]): number {
  return texts.reduce((sum, text) => (text === null ? sum : sum + Buffer.byteLength(text)), 0);
}

function rowOf({ entry, value, reversePatch }: EncodedEntry, { seq, tag }: Position, at: number): LogRow {
  const { change, object, id, tenant, instance, after } = entry;
  const { identity = null, nativeVersion = null, projection = null } = after ?? {};
  const baseline = Number(entry.baseline);
  return {
    seq,
    tag,
    at,
    change,
    baseline,
    object,
    id,
    tenant,
    instance,
    identity,
    nativeVersion,
    projection,
    value,
    reversePatch,
  };
}

function placeOf({ seq, tag, at }: Omit<Place, 'bytes' | 'total'>): Pick<Change, 'position' | 'at'> {
  return { position: { seq, tag }, at: new Date(at).toISOString() };
}

function writtenAs(row: LogRow, bytes: number): Written {
  let made: Change | undefined;
  return { position: { seq: row.seq, tag: row.tag }, bytes, change: () => (made ??= changeOf(row)) };
}

function changeOf(row: LogRow): Change {
  const { change, object, id, tenant, instance, value, reversePatch } = row;
  const { position, at } = placeOf(row);
  const after = value === null ? undefined : stateOf(row, value, position);
  return {
    position,
    change,
    object,
    id,
    tenant,
    instance,
    baseline: row.baseline === 1,
    at,
    ...(after && { after }),
    ...(reversePatch === null ? {} : { reversePatch: JSON.parse(reversePatch) as Value }),
  };
}

function stateOf(row: LogRow, value: string, position: Position): StoredObject {
  const { object, id, tenant, instance, nativeVersion } = row;
  const version = nativeVersion === null ? {} : { nativeVersion };
  const [identity, projection] = [row.identity!, row.projection!];
  return {
    object,
    id,
    tenant,
    instance,
    identity,
    value: JSON.parse(value) as Value,
    ...version,
    projection,
    position,
  };
}
