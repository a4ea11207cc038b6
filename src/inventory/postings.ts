import { folded } from '#schema/filter/text.js';
import type { Row } from './row.js';
import { TenantLists } from './tenant-lists.js';

const none: readonly string[] = [];

function keysOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [folded(value)];
  if (!Array.isArray(value) || value.length === 0) return none;
  return [...new Set(value.filter((each) => typeof each === 'string').map(folded))];
}

/** Rows that have one value. A single one needs no list: serial numbers are as many as rows. */
class Posting {
  #rows: Row | TenantLists | undefined;
  /** Numbers of the rows of a snapshot, until they are arranged. */
  #collected: number | number[] | undefined;

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

  collect(number: number): void {
    if (this.#collected === undefined) this.#collected = number;
    else if (typeof this.#collected === 'number') this.#collected = [this.#collected, number];
    else this.#collected.push(number);
  }

  /** `ranks`: the place of each number in `rows`, which are in id order. */
  arrange(rows: readonly Row[], ranks: Uint32Array): void {
    const collected = this.#collected;
    this.#collected = undefined;
    if (typeof collected === 'number') this.#rows = rows[ranks[collected]!];
    if (typeof collected !== 'object') return;
    this.#rows = new TenantLists();
    for (const rank of Uint32Array.from(collected, (number) => ranks[number]!).sort()) this.#rows.append(rows[rank]!);
  }
}

const nothing = new TenantLists();

/** Rows by the value of one attribute; a list attribute posts its row under each of its values. */
export class Postings {
  readonly #byKey = new Map<string, Posting>();

  get(value: string): TenantLists {
    // Keys are folded, so that what is one need not be; nearly always it is.
    return (this.#byKey.get(value) ?? this.#byKey.get(folded(value)))?.lists() ?? nothing;
  }

  /** Notes a row of a snapshot by its number. */
  collect(value: unknown, number: number): void {
    if (typeof value === 'string') this.#at(folded(value)).collect(number);
    else for (const key of keysOf(value)) this.#at(key).collect(number);
  }

  /** Lists what was collected. */
  async arrange(rows: readonly Row[], ranks: Uint32Array, pause: () => Promise<void>): Promise<void> {
    let done = 0;
    for (const posting of this.#byKey.values()) {
      posting.arrange(rows, ranks);
      done += 1;
      if (done % 100 === 0) await pause();
    }
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
