import { setImmediate as nextTurn } from 'node:timers/promises';
import { settledNow } from '../../clock.js';
import type { AuditBudget, AuditEntry, StoredAuditEntry } from '../store.js';
import type { Database } from './database.js';

/** Entries dropped in one turn of the event loop. */
const slice = 1000;

interface Row {
  readonly seq: number;
  readonly at: string;
  readonly bytes: number;
  /** Bytes of all entries up to and including this one. */
  readonly total: number;
}

const columns = 'seq, at, octet_length(entry) AS bytes, total';

/** Who wanted to change what, in the order in which it was told. The newest entry is never dropped, so that `seq` goes on. */
export class Audit {
  readonly #database: Database;
  readonly #insert;
  readonly #newest;
  readonly #oldest;
  readonly #drop;
  readonly #before;

  constructor(database: Database) {
    this.#database = database;
    this.#insert = database.prepare('INSERT INTO audit (seq, at, entry, total) VALUES (?, ?, ?, ?)');
    this.#newest = database.prepare<Row>(`SELECT ${columns} FROM audit ORDER BY seq DESC LIMIT 1`);
    this.#oldest = database.prepare<Row>(`SELECT ${columns} FROM audit ORDER BY seq LIMIT ?`);
    this.#before = database.prepare<{ readonly seq: number; readonly entry: string }>(
      'SELECT seq, entry FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?',
    );
    this.#drop = database.prepare('DELETE FROM audit WHERE seq <= ?');
  }

  /** Runs inside the transaction of a group. */
  append(entry: AuditEntry): void {
    const { seq, total } = this.#newest.get() ?? { seq: 0, total: 0 };
    const text = JSON.stringify(entry);
    this.#insert.run(seq + 1, entry.at, text, total + Buffer.byteLength(text));
  }

  read(before: string | undefined, limit: number): readonly StoredAuditEntry[] {
    const rows = this.#before.all(before === undefined ? Number.MAX_SAFE_INTEGER : Number(before), limit);
    return rows.map(({ seq, entry }) => ({ id: String(seq), entry: JSON.parse(entry) as AuditEntry }));
  }

  async trim(budget: AuditBudget): Promise<number> {
    for (let dropped = 0; ; await nextTurn()) {
      const count = this.#database.transaction(() => this.#trimSlice(budget));
      dropped += count;
      if (count < slice) return dropped;
    }
  }

  #trimSlice({ days, bytes }: AuditBudget): number {
    const newest = this.#newest.get();
    const horizon = new Date(settledNow() - days * 86_400_000).toISOString();
    const oldest = this.#oldest.all(slice);
    const kept = oldest.findIndex(
      (row) => row.seq === newest!.seq || (row.at >= horizon && newest!.total - row.total + row.bytes <= bytes),
    );
    const beyond = kept === -1 ? oldest : oldest.slice(0, kept);
    if (beyond.length > 0) this.#drop.run(beyond.at(-1)!.seq);
    return beyond.length;
  }
}
