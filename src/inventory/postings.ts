import type { Row } from './row.js';
import { TenantLists } from './tenant-lists.js';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** UUIDs are compared without regard to case (contract 1.9); everything else as it is. */
function keyOf(value: string): string {
  return value.length === 36 && uuid.test(value) ? value.toLowerCase() : value;
}

const none: readonly string[] = [];

function keysOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [keyOf(value)];
  if (!Array.isArray(value) || value.length === 0) return none;
  return [...new Set(value.filter((each) => typeof each === 'string').map(keyOf))];
}

/** Rows that have one value. A single one needs no list: serial numbers are as many as rows. */
export class Posting {
  #rows: Row | TenantLists | undefined;

  get empty(): boolean {
    return this.#rows === undefined;
  }

  lists(): TenantLists {
    if (this.#rows instanceof TenantLists) return this.#rows;
    const lists = new TenantLists();
    if (this.#rows) lists.set(this.#rows);
    return lists;
  }

  set(row: Row): void {
    if (this.#rows === undefined || (!(this.#rows instanceof TenantLists) && this.#rows.id === row.id))
      this.#rows = row;
    else {
      this.#rows = this.lists();
      this.#rows.set(row);
    }
  }

  delete(row: Row): void {
    if (!(this.#rows instanceof TenantLists)) this.#rows = undefined;
    else {
      this.#rows.delete(row);
      if (this.#rows.empty) this.#rows = undefined;
    }
  }
}

const nothing = new TenantLists();

/** Rows by the value of one attribute; a list attribute posts its row under each of its values. */
export class Postings {
  readonly #byKey = new Map<string, Posting>();

  get(value: string): TenantLists {
    return this.#byKey.get(keyOf(value))?.lists() ?? nothing;
  }

  /** Where a row with this value is posted; a row that is not set there at once must be soon. */
  of(value: unknown): readonly Posting[] {
    return keysOf(value).map((key) => this.#at(key));
  }

  /** Posts `row` under `value` instead of `before` under `old`. */
  move(before: Row | undefined, row: Row, old: unknown, value: unknown): void {
    const keys = keysOf(value);
    if (before) {
      for (const key of keysOf(old)) if (before.tenant !== row.tenant || !keys.includes(key)) this.#take(key, before);
    }
    for (const key of keys) this.#at(key).set(row);
  }

  delete(row: Row, value: unknown): void {
    for (const key of keysOf(value)) this.#take(key, row);
  }

  #at(key: string): Posting {
    let posting = this.#byKey.get(key);
    if (!posting) this.#byKey.set(key, (posting = new Posting()));
    return posting;
  }

  #take(key: string, row: Row): void {
    const posting = this.#byKey.get(key);
    posting?.delete(row);
    if (posting?.empty) this.#byKey.delete(key);
  }
}
