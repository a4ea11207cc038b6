import type { Value } from '#schema/change.js';
import { newRevision } from '../revision.js';
import type { DocumentRange, StoredDocument } from '../store.js';
import type { Database } from './database.js';

interface DocumentRow {
  readonly kind: string;
  readonly id: string;
  readonly revision: number;
  readonly value: string;
}

/** Owned documents. `put` and `remove` run inside the transaction of a group. */
export class Documents {
  readonly #get;
  readonly #list;
  readonly #ids;
  readonly #count;
  readonly #insert;
  readonly #update;
  readonly #remove;

  constructor(database: Database) {
    this.#get = database.prepare<DocumentRow>('SELECT * FROM documents WHERE kind = ? AND id = ?');
    const within = 'FROM documents WHERE kind = ? AND id >= ? AND id < ? || char(0x10ffff)';
    const listed = `${within} AND id > ? ORDER BY id LIMIT ?`;
    this.#list = database.prepare<DocumentRow>(`SELECT * ${listed}`);
    this.#ids = database.prepare<Pick<DocumentRow, 'id'>>(`SELECT id ${listed}`);
    this.#count = database.prepare<{ readonly count: number }>(`SELECT count(*) AS count ${within}`);
    this.#insert = database.prepare('INSERT INTO documents VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING');
    this.#update = database.prepare(
      'UPDATE documents SET revision = ?, value = ? WHERE kind = ? AND id = ? AND revision = ?',
    );
    this.#remove = database.prepare('DELETE FROM documents WHERE kind = ? AND id = ? AND revision = ?');
  }

  get(kind: string, id: string): StoredDocument | undefined {
    const row = this.#get.get(kind, id);
    return row && document(row);
  }

  list(kind: string, { prefix = '', after = '', limit = -1 }: DocumentRange = {}): readonly StoredDocument[] {
    return this.#list.all(kind, prefix, prefix, after, limit).map(document);
  }

  ids(kind: string, { prefix = '', after = '', limit = -1 }: DocumentRange = {}): readonly string[] {
    return this.#ids.all(kind, prefix, prefix, after, limit).map(({ id }) => id);
  }

  count(kind: string, prefix: string): number {
    return this.#count.get(kind, prefix, prefix)!.count;
  }

  put(kind: string, id: string, value: string, expected: number): number | undefined {
    const revision = newRevision();
    const written =
      expected === 0
        ? this.#insert.run(kind, id, revision, value)
        : this.#update.run(revision, value, kind, id, expected);
    return written.changes === 1 ? revision : undefined;
  }

  remove(kind: string, id: string, expected: number): boolean {
    return this.#remove.run(kind, id, expected).changes === 1;
  }
}

function document({ kind, id, revision, value }: DocumentRow): StoredDocument {
  return { kind, id, revision, value: JSON.parse(value) as Value };
}
