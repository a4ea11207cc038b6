import type { Position } from '#schema/position.js';
import type { Database } from './database.js';

/** Last position that touched each list, by the list's name. */
export class Marks {
  readonly #set;
  readonly #all;

  constructor(database: Database) {
    this.#set = database.prepare('INSERT OR REPLACE INTO marks (name, seq, tag) VALUES (?, ?, ?)');
    this.#all = database.prepare<Position & { readonly name: string }>('SELECT name, seq, tag FROM marks');
  }

  set(name: string, { seq, tag }: Position): void {
    this.#set.run(name, seq, tag);
  }

  all(): ReadonlyMap<string, Position> {
    return new Map(this.#all.all().map(({ name, seq, tag }) => [name, { seq, tag }]));
  }
}
