import { sees, type Scope } from '#schema/scope.js';
import type { Row } from './row.js';
import { SortedRows, type Run } from './sorted-rows.js';

/** One list, kept apart by tenant: what a scope sees is the merge of the lists it may see. */
export class TenantLists {
  readonly #byTenant = new Map<string | null, SortedRows>();

  set(row: Row): void {
    let rows = this.#byTenant.get(row.tenant);
    if (!rows) this.#byTenant.set(row.tenant, (rows = new SortedRows()));
    rows.set(row);
  }

  delete(row: Row): void {
    const rows = this.#byTenant.get(row.tenant);
    rows?.delete(row.id);
    if (rows?.size === 0) this.#byTenant.delete(row.tenant);
  }

  get empty(): boolean {
    return this.#byTenant.size === 0;
  }

  visible(scope: Scope): readonly SortedRows[] {
    if (scope.tenant === undefined) return [...this.#byTenant.values()];
    return [...this.#byTenant].flatMap(([tenant, rows]) => (sees(scope, tenant) ? [rows] : []));
  }

  size(scope: Scope): number {
    let size = 0;
    for (const rows of this.visible(scope)) size += rows.size;
    return size;
  }
}

/** Runs of several lists merged in id order; an id that stands in more than one list comes once. */
export function* mergedRuns(lists: readonly SortedRows[], after: string | undefined): Generator<Run> {
  if (lists.length === 1) return yield* lists[0]!.runs(after);
  const sources = lists.map((list) => list.runs(after));
  const heads = sources.flatMap((source) => head(source));
  while (heads.length > 0) {
    let first = heads[0]!;
    for (const other of heads) if (idAt(other) < idAt(first)) first = other;
    let limit: string | undefined;
    for (const other of heads) if (other !== first && (limit === undefined || idAt(other) < limit)) limit = idAt(other);
    const { block, to } = first.run;
    let end = first.from + 1;
    while (end < to && (limit === undefined || block.rows[end]!.id < limit)) end += 1;
    yield { block, from: first.from, to: end };
    const last = block.rows[end - 1]!.id;
    for (const other of [...heads]) if (other !== first && idAt(other) === last) step(heads, other, other.from + 1);
    step(heads, first, end);
  }
}

interface Head {
  readonly source: Generator<Run>;
  run: Run;
  from: number;
}

function head(source: Generator<Run>): Head[] {
  const next = source.next();
  return next.done ? [] : [{ source, run: next.value, from: next.value.from }];
}

function idAt(one: Head): string {
  return one.run.block.rows[one.from]!.id;
}

function step(heads: Head[], one: Head, from: number): void {
  one.from = from;
  if (from < one.run.to) return;
  const next = one.source.next();
  if (next.done) heads.splice(heads.indexOf(one), 1);
  else {
    one.run = next.value;
    one.from = next.value.from;
  }
}
