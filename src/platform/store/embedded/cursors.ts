import type { Database } from './database.js';

type Cursor = Readonly<Record<string, string>>;

/** The place of each backend instance in its own watch. */
export class Cursors {
  readonly #set;
  readonly #get;

  constructor(database: Database) {
    this.#set = database.prepare('INSERT OR REPLACE INTO cursors (instance, cursor) VALUES (?, ?)');
    this.#get = database.prepare<{ readonly cursor: string }>('SELECT cursor FROM cursors WHERE instance = ?');
  }

  set(instance: string, cursor: Cursor): void {
    this.#set.run(instance, JSON.stringify(cursor));
  }

  get(instance: string): Cursor | undefined {
    const row = this.#get.get(instance);
    return row && (JSON.parse(row.cursor) as Cursor);
  }
}
