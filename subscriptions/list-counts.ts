import type { NativeEvent } from '#adapters/contract.js';

/** Counts the lists of each kind, so that one can be waited for that began after a moment. */
export class ListCounts {
  readonly #begun = new Map<string, number>();
  /** The last list that was complete, by its number. */
  readonly #complete = new Map<string, number>();

  told(events: readonly NativeEvent[]): void {
    for (const { type, kind } of events) {
      if (type === 'begin') this.#begun.set(kind, this.#numberOf(kind) + 1);
      else if (type === 'complete') this.#complete.set(kind, this.#numberOf(kind));
    }
  }

  /** Answers whether a list of each kind is complete that began after this call. */
  completeAfterNow(kinds: ReadonlySet<string>): () => boolean {
    const before = new Map([...kinds].map((kind) => [kind, this.#numberOf(kind)]));
    return () => [...before].every(([kind, number]) => (this.#complete.get(kind) ?? 0) > number);
  }

  #numberOf(kind: string): number {
    return this.#begun.get(kind) ?? 0;
  }
}
