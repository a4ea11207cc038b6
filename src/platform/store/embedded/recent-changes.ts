import type { Change } from '#schema/change.js';
import type { Position } from '#schema/position.js';

/** A change that was written; what it says is made when somebody first asks, and then the same for all. */
export interface Written {
  readonly position: Position;
  readonly change: () => Change;
}

const most = 256;

/**
 * The newest changes as they were written, in one copy for all: everybody who follows the log reads just these, and to read and
 * parse them anew each time was a sixth of what a change costs. A transaction may be taken back, so each look names the head.
 */
export class RecentChanges {
  #before: Position | undefined;
  #written: Written[] = [];

  /** Adds what was written behind `before`; others that do not end there were taken back. */
  push(before: Position, written: readonly Written[]): void {
    if (!this.#endsAt(before)) {
      this.#before = before;
      this.#written = [];
    }
    this.#written.push(...written);
    const gone = this.#written.splice(0, Math.max(0, this.#written.length - most));
    if (gone.length > 0) this.#before = gone.at(-1)!.position;
  }

  /** Those behind a place, of a log that ends at `head`; undefined when that is none of their places. */
  after({ seq, tag }: Position, limit: number, head: Position): readonly Change[] | undefined {
    if (!this.#before || seq < this.#before.seq || !this.#endsAt(head)) return undefined;
    const index = seq - this.#before.seq;
    const at = index === 0 ? this.#before : this.#written[index - 1]?.position;
    return at?.tag === tag ? this.#written.slice(index, index + limit).map(({ change }) => change()) : undefined;
  }

  #endsAt({ seq, tag }: Position): boolean {
    const last = this.#written.at(-1)?.position ?? this.#before;
    return last?.seq === seq && last.tag === tag;
  }

  forget(): void {
    this.#before = undefined;
    this.#written = [];
  }
}
