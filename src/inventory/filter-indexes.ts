import { mergedRows } from './merged.js';
import { Postings } from './postings.js';
import type { Row } from './row.js';
import type { Turn } from './slices.js';
import type { TenantLists } from './tenant-lists.js';

/**
 * Rows by the values that filters alone ask for. After a snapshot these are posted when the start is over, in id order: they
 * were a quarter of it. Until then there is no such index, and filters look at the rows.
 */
export class FilterIndexes {
  readonly #postings: ReadonlyMap<string, Postings>;
  /** Rows behind this id are still to be posted; undefined: none are. */
  #behind: string | undefined;

  constructor(attributes: readonly string[]) {
    this.#postings = new Map(attributes.map((name) => [name, new Postings()]));
  }

  /** Has what there is posted by `fill`; what is set or deleted meanwhile is posted when it is its turn. */
  postpone(): void {
    this.#behind = '';
  }

  /** Of `attribute`; undefined when there is none, or not yet. */
  get(attribute: string): Postings | undefined {
    return this.#behind === undefined ? this.#postings.get(attribute) : undefined;
  }

  move(before: Row | undefined, row: Row): void {
    if (this.#isPending(row)) return;
    for (const [attribute, postings] of this.#postings) {
      postings.move(before, row, before?.value[attribute], row.value[attribute]);
    }
  }

  delete(row: Row): void {
    if (this.#isPending(row)) return;
    for (const [attribute, postings] of this.#postings) postings.delete(row, row.value[attribute]);
  }

  /** Posts what was postponed of `all`, in turns. */
  async fill(all: TenantLists, turn: Turn, stopped: () => boolean): Promise<void> {
    for (; this.#behind !== undefined && !stopped(); await turn.pause()) this.#post(all, turn);
  }

  #post(all: TenantLists, turn: Turn): void {
    const rows = mergedRows(all.visible({ tenant: undefined }), this.#behind);
    while (!turn.over()) {
      const row = rows.next();
      this.#behind = row?.id;
      if (!row) return;
      for (const [attribute, postings] of this.#postings) {
        postings.move(undefined, row, undefined, row.value[attribute]);
      }
    }
  }

  #isPending({ id }: Row): boolean {
    return this.#behind !== undefined && id > this.#behind;
  }
}
