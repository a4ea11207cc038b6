import type { Position } from '#schema/position.js';
import type { Entry } from '../log/recent.js';
import { indexAfter } from '../log/recent.js';
import type { EntriesRead, LogReader } from '../log/reader.js';

/** Who is further behind is told of each object's last change alone: 10,000 changes to 1,000 clients took 100 s and more. */
const far = 1000;
/** Changes that are looked at together; about 30 MB of servers. */
const span = 10_000;
const windows = 3;

interface Window {
  readonly from: Position;
  readonly to: Position;
  /** The last of each object, in order. */
  readonly entries: readonly Entry[];
}

/** A stretch of the log without what a later change of the same object made needless, for all who have to pass it. */
export class Digest {
  readonly #reader: LogReader;
  #windows: Promise<Window | undefined>[] = [];

  constructor(reader: LogReader) {
    this.#reader = reader;
  }

  isFar(position: Position, head: Position): boolean {
    return head.seq - position.seq > far;
  }

  /** Of a place that the log holds: what is to be told from there, and how far that leads; undefined where it cannot be read on. */
  async after(position: Position): Promise<{ readonly entries: readonly Entry[]; readonly to: Position } | undefined> {
    for (const known of this.#windows) {
      const window = await known;
      if (window && window.from.seq <= position.seq && position.seq < window.to.seq) return behind(window, position);
    }
    const reading = this.#read(position);
    this.#windows = [reading, ...this.#windows].slice(0, windows);
    const window = await reading;
    return window && behind(window, position);
  }

  /** The log was rewritten. */
  forget(): void {
    this.#windows = [];
  }

  async #read(from: Position): Promise<Window | undefined> {
    const last = new Map<string, Entry>();
    let to = from;
    while (to.seq - from.seq < span) {
      const read: EntriesRead = await this.#reader.after(to);
      if (read.outcome !== 'read') return undefined;
      if (read.entries.length === 0) break;
      for (const entry of read.entries) {
        const { object, id } = entry.change;
        const key = `${object} ${id}`;
        // Where it stands in the order is where it changed last.
        last.delete(key);
        last.set(key, entry);
      }
      to = read.entries.at(-1)!.change.position;
    }
    return { from, to, entries: [...last.values()] };
  }
}

function behind({ entries, to }: Window, position: Position) {
  return { entries: entries.slice(indexAfter(entries, position.seq)), to };
}
