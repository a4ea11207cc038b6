import { sees, type Scope } from '#schema/scope.js';
import type { Row } from './row.js';
import { SortedRows } from './sorted-rows.js';

/**
 * One list, kept apart by tenant: what a tenant's scope sees is the merge of the lists it may see. Who sees every tenant reads
 * the whole, which is a list of its own from the second tenant on.
 */
export class TenantLists {
  readonly #byTenant = new Map<string | null, SortedRows>();
  #whole: SortedRows | undefined;

  set(row: Row): void {
    this.#of(row).set(row);
    this.#whole?.set(row);
  }

  /** The same for a row behind all others. */
  append(row: Row): void {
    this.#of(row).append(row);
    this.#whole?.append(row);
  }

  /** Takes out the row with this id from where this state of it stands. */
  delete(row: Row): void {
    const rows = this.#byTenant.get(row.tenant);
    rows?.delete(row.id);
    if (rows?.size === 0) this.#byTenant.delete(row.tenant);
    this.#whole?.delete(row.id);
  }

  get empty(): boolean {
    return this.#byTenant.size === 0;
  }

  #of({ tenant }: Row): SortedRows {
    let rows = this.#byTenant.get(tenant);
    if (!rows) {
      this.#byTenant.set(tenant, (rows = new SortedRows()));
      if (this.#byTenant.size === 2) this.#whole ??= copyOf(this.#byTenant.values().next().value!);
    }
    return rows;
  }

  /** What the scope sees: lists that have no row in common. */
  visible(scope: Pick<Scope, 'tenant'>): readonly SortedRows[] {
    if (scope.tenant === undefined && this.#whole) return [this.#whole];
    if (scope.tenant === undefined) return [...this.#byTenant.values()];
    return [...this.#byTenant].flatMap(([tenant, rows]) => (sees(scope, tenant) ? [rows] : []));
  }

  size(scope: Scope): number {
    if (scope.tenant === undefined && this.#whole) return this.#whole.size;
    let size = 0;
    for (const [tenant, rows] of this.#byTenant) if (sees(scope, tenant)) size += rows.size;
    return size;
  }
}

function copyOf(list: SortedRows): SortedRows {
  const copy = new SortedRows();
  for (const { rows } of list.blocks) for (const row of rows) copy.append(row);
  return copy;
}
