import { closeSync, existsSync, fdatasync, fstat, openSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DatabaseSync, StatementSync, type SQLInputValue } from 'node:sqlite';
import { promisify } from 'node:util';
import type { Fault } from '#schema/errors.js';
import { makeFolder } from '../../folders.js';
import { migrations } from './migrations.js';
import { explain, foreignDatabase, newerSchema, notDurable } from './refusal.js';

/** `netw`: tells our files from those of other programs. */
const applicationId = 0x6e657477;

/** A prepared statement; `Row` is what its SQL selects or returns. */
export interface Statement<Row> {
  get(...parameters: SQLInputValue[]): Row | undefined;
  all(...parameters: SQLInputValue[]): Row[];
  run(...parameters: SQLInputValue[]): { readonly changes: number | bigint };
}

// From Node 22.16 on.
const knowsTuples = 'setReturnArrays' in StatementSync.prototype;

function madeTuples<Row extends readonly unknown[]>(statement: StatementSync): Statement<Row> {
  const tuple = (row: object) => Object.values(row) as unknown as Row;
  return {
    get(...parameters) {
      const row = statement.get(...parameters);
      return row && tuple(row);
    },
    all: (...parameters) => statement.all(...parameters).map(tuple),
    run: (...parameters) => statement.run(...parameters),
  };
}

/** Told when nothing of the store is to be trusted any more: whoever has it open should end, and not close it. */
export type Lost = (why: Fault) => void;

const syncData = promisify(fdatasync);
const statOpen = promisify(fstat);

/** The one connection to the one file. Whatever SQLite throws leaves it as a Fault that names the fix, not the file: clients are told. */
export class Database {
  readonly #sqlite: DatabaseSync;
  /** Undefined when nothing outlives the process. */
  readonly #file: string | undefined;
  /** Which file that is; another one may come to have its name. */
  readonly #inode: number | undefined;
  /** Its write-ahead log, once something of it was to be durable; no lock hangs on that file. */
  #log: number | undefined;
  /** Settles when the fsync that is under way has ended, well or not. */
  #syncing: Promise<void> | undefined;
  /** Why nothing is to be trusted any more. */
  #broken: Fault | undefined;

  readonly #lost: Lost;

  constructor(file: string | undefined, sqlite: DatabaseSync, lost: Lost) {
    this.#file = file;
    this.#inode = file === undefined ? undefined : statSync(file).ino;
    this.#sqlite = sqlite;
    this.#lost = lost;
  }

  prepare<Row>(sql: string): Statement<Row> {
    return this.#sqlite.prepare(sql) as unknown as Statement<Row>;
  }

  /** As `prepare`, with each row a tuple of its columns: half the cost where a hundred thousand rows are read. */
  prepareTuples<Row extends readonly unknown[]>(sql: string): Statement<Row> {
    const statement = this.#sqlite.prepare(sql, { returnArrays: true });
    return knowsTuples ? (statement as unknown as Statement<Row>) : madeTuples<Row>(statement);
  }

  attempt<T>(work: () => T): T {
    try {
      if (this.#broken) throw this.#broken;
      return work();
    } catch (error) {
      throw explain(undefined, error);
    }
  }

  #rollBack(): void {
    try {
      this.#sqlite.exec('ROLLBACK');
    } catch {
      // SQLite ended the transaction by itself, as it does when the disk is full.
    }
  }

  /** Runs `work`, which must not await, in a transaction. It is whole or not at all from here on, and durable after `sync`. */
  transaction<T>(work: () => T): T {
    return this.attempt(() => {
      this.#sqlite.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.#sqlite.exec('COMMIT');
        return result;
      } catch (error) {
        this.#rollBack();
        throw error;
      }
    });
  }

  /**
   * Resolves when all transactions so far are on disk; undefined when nothing is ever to be. One that failed is not tried
   * again, and from then on nothing is answered.
   */
  sync(): Promise<void> | undefined {
    if (this.#file === undefined) return undefined;
    const synced = this.#syncLog();
    this.#syncing = synced.catch(() => undefined);
    void this.#syncing.then(() => (this.#syncing = undefined));
    return synced;
  }

  async #syncLog(): Promise<void> {
    try {
      this.#log ??= openSync(`${this.#file}-wal`, 'r+');
      const [, log, file] = await Promise.all([syncData(this.#log), statOpen(this.#log), stat(this.#file!)]);
      // A file that is open outlives its name, and is gone when we are.
      if (log.nlink === 0 || file.ino !== this.#inode) throw gone();
    } catch (error) {
      this.#broken = notDurable(undefined, error);
      this.#lost(notDurable(this.#file, error));
      throw this.#broken;
    }
  }

  /** Does `work` when what it can find is on disk. */
  async read<T>(work: () => T): Promise<T> {
    while (this.#syncing) await this.#syncing;
    return this.attempt(work);
  }

  /** What could not be synced is never brought into the file, as closing it would: a next start reads what the disk has. */
  close(): void {
    if (!this.#broken && this.#sqlite.isOpen) this.#sqlite.close();
    if (this.#log !== undefined) closeSync(this.#log);
    this.#log = undefined;
  }
}

/** Opens or creates a file and locks it for this process. Throws Fault UNAVAILABLE that says what to do instead. */
export function openFile(name: string, lost: Lost = () => undefined): Database {
  const file = resolve(name);
  try {
    makeFolder(dirname(file));
    // Never opened when it exists: closing it again would drop the locks this process holds on it (POSIX).
    if (!existsSync(file)) closeSync(openSync(file, 'wx', 0o600));
    return set(file, new DatabaseSync(file, { timeout: 0 }), lost);
  } catch (error) {
    throw explain(file, error);
  }
}

function gone(): Error {
  return Object.assign(new Error('It has another name now, or none.'), { code: 'ENOENT' });
}

/** A store that ends with the process. */
export function openMemory(): Database {
  return set(undefined, new DatabaseSync(':memory:'), () => undefined);
}

function nameOf(file: string | undefined): string {
  return file ?? 'in memory';
}

function set(file: string | undefined, sqlite: DatabaseSync, lost: Lost): Database {
  try {
    // Before anything is read: the first lock is then kept, and the WAL index stays in our memory.
    sqlite.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    const version = schemaVersion(nameOf(file), sqlite);
    // A commit is whole, but durable only after `sync`, which holds up nobody else meanwhile.
    sqlite.exec('COMMIT; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32000');
    sqlite.exec('PRAGMA journal_size_limit = 67108864');
    migrate(sqlite, version);
    return new Database(file, sqlite, lost);
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

function schemaVersion(file: string, sqlite: DatabaseSync): number {
  const number = (sql: string) => Object.values(sqlite.prepare(sql).get()!)[0] as number;
  const version = number('PRAGMA user_version');
  const empty = number('SELECT count(*) FROM sqlite_schema') === 0;
  if (!empty && number('PRAGMA application_id') !== applicationId) throw foreignDatabase(file);
  if (version > migrations.length) throw newerSchema(file, version, migrations.length);
  return version;
}

function migrate(sqlite: DatabaseSync, from: number): void {
  for (const [index, sql] of migrations.slice(from).entries()) {
    const version = `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${from + index + 1}`;
    sqlite.exec(`BEGIN IMMEDIATE; ${sql}; ${version}; COMMIT`);
  }
}
