import type { ObjectDefinition } from '#schema/object.js';
import type { Value } from '#schema/change.js';
import { attributeAt } from '#schema/paths.js';
import { Columns } from './columns.js';
import { FilterIndexes } from './filter-indexes.js';
import { NestedOwners } from './nested-owners.js';
import { eachNestedId, textsIn } from './outline.js';
import { Postings } from './postings.js';
import type { Row } from './row.js';
import type { Turn } from './slices.js';
import { TenantLists } from './tenant-lists.js';

/** All rows of one object: by id, in id order, and by the value of every indexed attribute. */
export class Kind {
  readonly definition: ObjectDefinition;
  readonly all = new TenantLists();
  readonly #numbers = new Map<string, number>();
  /** By number; the numbers of deleted rows are used again. */
  readonly #rows: (Row | undefined)[] = [];
  readonly #unused: number[] = [];
  /** Of `unordered`. */
  readonly columns = new Columns(this.#rows);
  /** Indexed attributes that hold the id of another object: relations and lists go by them. */
  readonly #references: readonly string[];
  readonly #referring: ReadonlyMap<string, Postings>;
  readonly #filtered: FilterIndexes;
  readonly #owners: NestedOwners | undefined;
  /** What is nested in rows with lower numbers is known; that of others is noted later. */
  #noted = Infinity;

  constructor(definition: ObjectDefinition) {
    this.definition = definition;
    const { model, relations } = definition;
    const indexed = Object.keys(model.shape).filter((name) => attributeAt(model, [name])?.index);
    const vias = new Set(Object.values(relations).flatMap((each) => (each.kind === 'one' ? [each.via] : [])));
    this.#references = indexed.filter((name) => vias.has(name));
    this.#referring = new Map(this.#references.map((name) => [name, new Postings()]));
    this.#filtered = new FilterIndexes(indexed.filter((name) => !vias.has(name)));
    this.#owners = definition.nested === undefined ? undefined : new NestedOwners();
  }

  get(id: string): Row | undefined {
    const number = this.#numbers.get(id);
    return number === undefined ? undefined : this.#rows[number];
  }

  get size(): number {
    return this.#numbers.size;
  }

  /** In the order in which they came, with holes: neighbours here are neighbours in memory, which is what a long scan costs. */
  get unordered(): readonly (Row | undefined)[] {
    return this.#rows;
  }

  /**
   * Adds a row that is not there, to be listed by `arrange` once all are in, and by `noteNested` and `fill` where few will look.
   * Two passes cost a third of `set`: the first finds the row still in the processor's cache, the second sorts numbers and
   * appends.
   */
  add(row: Row): void {
    const number = this.#rows.push(row) - 1;
    this.#numbers.set(row.id, number);
    const value = (row.json === undefined ? undefined : textsIn(row.json, this.#references)) ?? row.value;
    for (const [attribute, postings] of this.#referring) postings.collect(value[attribute], number);
  }

  /** Lists what was added; nothing may be set before. Calls back a few times in between. */
  async arrange(pause: () => Promise<void>): Promise<void> {
    const ids = [...this.#numbers.keys()].sort();
    await pause();
    const ranks = new Uint32Array(ids.length);
    const rows = ids.map((id, rank) => {
      const number = this.#numbers.get(id)!;
      ranks[number] = rank;
      return this.#rows[number]!;
    });
    await pause();
    for (const row of rows) this.all.append(row);
    for (const postings of this.#referring.values()) {
      await pause();
      await postings.arrange(rows, ranks, pause);
    }
    if (rows.length === 0) return;
    this.#filtered.postpone();
    if (this.#owners) this.#noted = 0;
  }

  /** Notes what is nested in rows of a snapshot, until it is `over`. Answers whether all is noted. */
  noteNested(over: () => boolean): boolean {
    for (; this.#noted < this.#rows.length; this.#noted += 1) {
      if (over()) return false;
      const row = this.#rows[this.#noted];
      if (row) this.#note(row, this.#noted);
    }
    this.#noted = Infinity;
    return true;
  }

  /** Makes what only filters look for, in turns; until then `posting` has nothing of it. */
  fill(turn: Turn, stopped: () => boolean): Promise<void> {
    return this.#filtered.fill(this.all, turn, stopped);
  }

  set(row: Row): void {
    let number = this.#numbers.get(row.id);
    const before = number === undefined ? undefined : this.#rows[number];
    number ??= this.#unused.pop() ?? this.#rows.length;
    this.#numbers.set(row.id, number);
    this.#rows[number] = row;
    this.columns.changed(number);
    if (before && before.tenant !== row.tenant) this.all.delete(before);
    this.all.set(row);
    for (const [attribute, postings] of this.#referring) {
      postings.move(before, row, before?.value[attribute], row.value[attribute]);
    }
    this.#filtered.move(before, row);
    this.#renest(number, before?.value, row.value);
  }

  delete(id: string): void {
    const number = this.#numbers.get(id);
    if (number === undefined) return;
    const row = this.#rows[number]!;
    this.all.delete(row);
    for (const [attribute, postings] of this.#referring) postings.delete(row, row.value[attribute]);
    this.#filtered.delete(row);
    this.#renest(number, row.value, undefined);
    this.#numbers.delete(id);
    this.#rows[number] = undefined;
    this.columns.changed(number);
    this.#unused.push(number);
  }

  /** Rows whose `attribute` equals `value`; undefined when the attribute has no index, or not yet. */
  posting(attribute: string, value: string): TenantLists | undefined {
    return this.#postingsOf(attribute)?.get(value);
  }

  /** Whether the attribute has an index now. */
  posts(attribute: string): boolean {
    return this.#postingsOf(attribute) !== undefined;
  }

  #postingsOf(attribute: string): Postings | undefined {
    return this.#referring.get(attribute) ?? this.#filtered.get(attribute);
  }

  /** The object `id` that is nested in a row, and that row. */
  nested(id: string): { readonly owner: Row; readonly value: Value } | undefined {
    const holding = (owner: Row) => {
      const value = this.#findIn(owner.value, id);
      return value && { owner, value };
    };
    return this.#owners?.find(id, this.#rows, holding) ?? this.#amongUnnoted(id, holding);
  }

  /** Soon after a start: texts that have not the id in them need not be parsed. Noting all at once would take ten times as long. */
  #amongUnnoted<T>(id: string, holding: (owner: Row) => T | undefined): T | undefined {
    const written = JSON.stringify(id).slice(1, -1);
    for (let number = this.#noted; number < this.#rows.length; number += 1) {
      const row = this.#rows[number];
      if (!row || row.json?.includes(written) === false) continue;
      const found = holding(row);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #findIn(value: Value, id: string): Value | undefined {
    const { key } = this.definition;
    for (const child of this.#childrenOf(value)) {
      const found = child[key] === id ? child : this.#findIn(child, id);
      if (found) return found;
    }
    return undefined;
  }

  #note(row: Row, number: number): void {
    const { json } = row;
    const owners = this.#owners!;
    const add = (from: number, to: number) => owners.add(number, json!, from, to);
    if (json !== undefined && eachNestedId(json, this.definition.key, add)) return;
    for (const id of this.#nestedIds(row.value, [])) owners.add(number, id);
  }

  #renest(number: number, before: Value | undefined, after: Value | undefined): void {
    if (!this.#owners || number >= this.#noted) return;
    const old = before ? this.#nestedIds(before, []) : [];
    const now = after ? this.#nestedIds(after, []) : [];
    if (old.length === now.length && old.every((id, index) => id === now[index])) return;
    for (const id of old) this.#owners.delete(id, number);
    for (const id of now) this.#owners.add(number, id);
  }

  #nestedIds(value: Value, ids: string[]): string[] {
    for (const child of this.#childrenOf(value)) {
      ids.push(child[this.definition.key] as string);
      this.#nestedIds(child, ids);
    }
    return ids;
  }

  #childrenOf(value: Value): readonly Value[] {
    return (value[this.definition.nested!] as readonly Value[] | undefined) ?? [];
  }
}
