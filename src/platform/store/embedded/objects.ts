import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoredObject } from '#schema/change.js';
import type { Position } from '#schema/position.js';
import { parsed } from '../parsed.js';
import type { Entry, UnparsedObject } from '../store.js';
import type { Database } from './database.js';

/** Objects read in one turn of the event loop. */
const chunk = 500;

const columns = 'row, object, id, tenant, instance, identity, native_version, projection, seq, tag, value';

type ObjectRow = readonly [
  row: number,
  object: string,
  id: string,
  tenant: string | null,
  instance: string,
  identity: string,
  nativeVersion: string | null,
  projection: string,
  seq: number,
  tag: string,
  value: string,
];

const upsert = `INSERT INTO objects (id, object, tenant, instance, identity, native_version, projection, seq, tag, value)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id, object) DO UPDATE SET tenant = excluded.tenant, instance = excluded.instance,
    identity = excluded.identity, native_version = excluded.native_version, projection = excluded.projection,
    seq = excluded.seq, tag = excluded.tag, value = excluded.value`;

/** The newest state of every object. */
export class Objects {
  readonly #database: Database;
  readonly #upsert;
  readonly #delete;
  readonly #refresh;
  readonly #position;
  readonly #one;
  readonly #page;
  readonly #pageOf;

  constructor(database: Database) {
    this.#database = database;
    this.#upsert = database.prepare(upsert);
    this.#delete = database.prepare('DELETE FROM objects WHERE id = ? AND object = ?');
    this.#refresh = database.prepare(
      'UPDATE objects SET native_version = ?, projection = ? WHERE id = ? AND object = ? AND seq = ? AND tag = ?',
    );
    this.#position = database.prepare<Position>(
      'SELECT seq, tag FROM objects WHERE id = ? AND object = coalesce(?, object)',
    );
    this.#one = database.prepareTuples<ObjectRow>(`SELECT ${columns} FROM objects WHERE id = ? AND object = ?`);
    this.#page = database.prepareTuples<ObjectRow>(
      `SELECT ${columns} FROM objects WHERE row > ? ORDER BY row LIMIT ${chunk}`,
    );
    this.#pageOf = database.prepareTuples<ObjectRow>(
      `SELECT ${columns} FROM objects WHERE instance = ? AND row > ? ORDER BY row LIMIT ${chunk}`,
    );
  }

  /** Applies an entry; `value` is the text of its new state, null for `deleted`. */
  apply(entry: Entry, value: string | null, { seq, tag }: Position): void {
    const { object, id, tenant, instance, after } = entry;
    if (value === null || after === undefined) this.#delete.run(id, object);
    else {
      const { identity, nativeVersion = null, projection } = after;
      this.#upsert.run(id, object, tenant, instance, identity, nativeVersion, projection, seq, tag, value);
    }
  }

  /** Notes a newer native version; an object that has moved on keeps the one of its newer state. */
  refresh({ id, object, nativeVersion, projection, position }: StoredObject): void {
    this.#refresh.run(nativeVersion ?? null, projection, id, object, position.seq, position.tag);
  }

  /** Where the object's last change stands; with no `object` the id alone must tell. */
  positionOf(id: string, object: string | undefined): Position | undefined {
    return this.#position.get(id, object ?? null);
  }

  find(object: string, id: string): StoredObject | undefined {
    const row = this.#one.get(id, object);
    return row && parsed(unparsed(row));
  }

  all(): AsyncIterable<readonly UnparsedObject[]> {
    return this.#chunks((after) => this.#page.all(after), inOneText);
  }

  ofInstance(instance: string): AsyncIterable<readonly UnparsedObject[]> {
    return this.#chunks(
      (after) => this.#pageOf.all(instance, after),
      (rows) => rows.map((row) => unparsed(row)),
    );
  }

  /** Every page is a read of its own: no transaction is held open while the consumer works. */
  async *#chunks<T>(page: (after: number) => readonly ObjectRow[], made: (rows: readonly ObjectRow[]) => readonly T[]) {
    for (let after = 0; ;) {
      const rows = await this.#database.read(() => page(after));
      if (rows.length > 0) yield made(rows);
      if (rows.length < chunk) return;
      after = rows.at(-1)![0];
      await nextTurn();
    }
  }
}

/** Values as parts of one long text, which the engine neither moves nor mixes with what lives longer: it goes as a whole. */
function inOneText(rows: readonly ObjectRow[]): readonly UnparsedObject[] {
  const text = rows.map(jsonOf).join('');
  let end = 0;
  return rows.map((row) => unparsed(row, text.slice(end, (end += jsonOf(row).length))));
}

function jsonOf(row: ObjectRow): string {
  return row[10];
}

function unparsed(row: ObjectRow, json = jsonOf(row)): UnparsedObject {
  const [, object, id, tenant, instance, identity, nativeVersion, projection, seq, tag] = row;
  const version = nativeVersion === null ? undefined : { nativeVersion };
  return { object, id, tenant, instance, identity, json, projection, position: { seq, tag }, ...version };
}
