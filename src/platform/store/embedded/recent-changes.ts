import type { Change } from '#schema/change.js';
import { samePosition, type Position } from '#schema/position.js';
import { mostRead } from '../found.js';

/** A change that was written; what it says is made when somebody first asks, and then the same for all. */
export interface Written {
  readonly position: Position;
  /** Of its texts. */
  readonly bytes: number;
  readonly change: () => Change;
}

const most = 256;
/** Those of the largest objects would fill the heap else; the newest one stays whatever it takes. */
const mostBytes = 16 * 1024 * 1024;

/**
 * The newest changes as they were written, in one copy for all: everybody who follows the log reads just these, and to read and
 * parse them anew each time was a sixth of what a change costs. A transaction may be taken back, so each look names the head.
 */
export class RecentChanges {
  #before: Position | undefined;
  #written: Written[] = [];
  #bytes = 0;

  /** Adds what was written behind `before`; others that do not end there were taken back. */
  push(before: Position, written: readonly Written[]): void {
    if (!this.#endsAt(before)) {
      this.forget();
      this.#before = before;
    }
    this.#written.push(...written);
    for (const { bytes } of written) this.#bytes += bytes;
    let gone = 0;
    for (; this.#written.length - gone > most || this.#isTooMuch(gone); gone += 1)
      this.#bytes -= this.#written[gone]!.bytes;
    if (gone > 0) this.#before = this.#written.splice(0, gone).at(-1)!.position;
  }

  #isTooMuch(gone: number): boolean {
    return this.#bytes > mostBytes && this.#written.length - gone > 1;
  }

  /** Those behind a place, of a log that ends at `head`; undefined when that is none of their places. */
  after({ seq, tag }: Position, limit: number, head: Position): readonly Change[] | undefined {
    if (!this.#before || seq < this.#before.seq || !this.#endsAt(head)) return undefined;
    const index = seq - this.#before.seq;
    const at = index === 0 ? this.#before : this.#written[index - 1]?.position;
    return at?.tag === tag ? this.#upTo(index, limit).map(({ change }) => change()) : undefined;
  }

  #upTo(index: number, limit: number): readonly Written[] {
    const found = this.#written.slice(index, index + limit);
    let bytes = 0;
    const beyond = found.findIndex((each) => (bytes += each.bytes) > mostRead);
    return beyond === -1 ? found : found.slice(0, Math.max(1, beyond));
  }

  #endsAt(place: Position): boolean {
    return samePosition(this.#written.at(-1)?.position ?? this.#before, place);
  }

  forget(): void {
    this.#before = undefined;
    this.#written = [];
    this.#bytes = 0;
  }
}
