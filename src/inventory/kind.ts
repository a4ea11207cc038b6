import type { ObjectDefinition } from '#schema/object.js';
import type { Value } from '#schema/change.js';
import type { Scope } from '#schema/scope.js';
import { attributeAt } from '#schema/paths.js';
import { sees } from '#schema/scope.js';
import type { Row } from './row.js';
import { TenantLists } from './tenant-lists.js';

/** All rows of one object: by id, in id order, and by the value of every indexed attribute. */
export class Kind {
  readonly definition: ObjectDefinition;
  readonly all = new TenantLists();
  readonly #rows = new Map<string, Row>();
  readonly #postings: ReadonlyMap<string, Map<string, TenantLists>>;
  /** Nested object → the one it is nested in. */
  readonly #owners = new Map<string, string>();

  constructor(definition: ObjectDefinition) {
    this.definition = definition;
    const indexed = Object.keys(definition.model.shape).filter((name) => attributeAt(definition.model, [name])?.index);
    this.#postings = new Map(indexed.map((name) => [name, new Map<string, TenantLists>()]));
  }

  get(id: string): Row | undefined {
    return this.#rows.get(id);
  }

  get size(): number {
    return this.#rows.size;
  }

  ids(): Iterable<string> {
    return this.#rows.keys();
  }

  set(row: Row): void {
    const before = this.#rows.get(row.id);
    if (before) this.#unlist(before, row);
    this.#rows.set(row.id, row);
    this.all.set(row);
    for (const [attribute, values] of this.#postings) {
      for (const key of postingKeys(row.value[attribute])) {
        let lists = values.get(key);
        if (!lists) values.set(key, (lists = new TenantLists()));
        lists.set(row);
      }
    }
    for (const child of this.#nestedIds(row.value)) this.#owners.set(child, row.id);
  }

  delete(id: string): void {
    const row = this.#rows.get(id);
    if (!row) return;
    this.#unlist(row, undefined);
    this.#rows.delete(id);
  }

  /** Rows whose `attribute` equals `value`; undefined when the attribute has no index. */
  posting(attribute: string, value: string): TenantLists | undefined {
    return this.#postings.get(attribute)?.get(postingKey(value)) ?? (this.#postings.has(attribute) ? none : undefined);
  }

  /** The row in which the object `id` is nested. */
  ownerOf(id: string, scope: Scope): Row | undefined {
    const owner = this.#rows.get(this.#owners.get(id) ?? '');
    return owner && sees(scope, owner.tenant) ? owner : undefined;
  }

  #unlist(row: Row, next: Row | undefined): void {
    if (next?.tenant !== row.tenant) this.all.delete(row);
    for (const [attribute, values] of this.#postings) {
      const kept = next?.tenant === row.tenant ? new Set(postingKeys(next.value[attribute])) : undefined;
      for (const key of postingKeys(row.value[attribute])) {
        if (kept?.has(key)) continue;
        const lists = values.get(key);
        lists?.delete(row);
        if (lists?.empty) values.delete(key);
      }
    }
    const kept = next ? new Set(this.#nestedIds(next.value)) : undefined;
    for (const child of this.#nestedIds(row.value)) if (!kept?.has(child)) this.#owners.delete(child);
  }

  *#nestedIds(value: Value): Generator<string> {
    const { nested, key } = this.definition;
    if (nested === undefined) return;
    for (const child of (value[nested] as readonly Value[] | undefined) ?? []) {
      yield child[key] as string;
      yield* this.#nestedIds(child);
    }
  }
}

const none = new TenantLists();
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** UUIDs are compared without regard to case (contract 1.9); everything else as it is. */
function postingKey(value: string): string {
  return uuid.test(value) ? value.toLowerCase() : value;
}

function postingKeys(value: unknown): readonly string[] {
  if (typeof value === 'string') return [postingKey(value)];
  return Array.isArray(value) ? [...new Set(value.filter((each) => typeof each === 'string').map(postingKey))] : [];
}
