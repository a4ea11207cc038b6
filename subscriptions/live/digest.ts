import type { Position } from '#schema/position.js';
import type { Entry } from '../log/recent.js';
import type { EntriesRead, LogReader } from '../log/reader.js';

/** Who is further behind is told of the last change of each object alone: 10,000 changes to 1,000 clients took 100 s and more. */
const far = 1000;
/** Changes that are looked at together; about 30 MB of servers. */
const span = 10_000;
const windows = 3;

/** A window that nobody passed for so long is let go, milliseconds. */
const kept = 30_000;

/** A stretch of the log. */
export interface Window {
  readonly from: Position;
  readonly to: Position;
  readonly entries: readonly Entry[];
}

/** Long stretches of the log, read once for all who have to pass them. */
export class Digest {
  readonly #reader: LogReader;
  #windows: Promise<Window | undefined>[] = [];
  #letGo: NodeJS.Timeout | undefined;

  constructor(reader: LogReader) {
    this.#reader = reader;
  }

  isFar(position: Position, head: Position): boolean {
    return head.seq - position.seq > far;
  }

  /** The window in which a place of the log lies; undefined where it cannot be read on. */
  async around(position: Position): Promise<Window | undefined> {
    clearTimeout(this.#letGo);
    this.#letGo = setTimeout(() => this.forget(), kept).unref();
    for (const known of this.#windows) {
      const window = await known;
      if (window && window.from.seq <= position.seq && position.seq < window.to.seq) return window;
    }
    const reading = this.#read(position);
    this.#windows = [reading, ...this.#windows].slice(0, windows);
    return reading;
  }

  /** The log was rewritten, or nobody is far behind. */
  forget(): void {
    this.#windows = [];
  }

  async #read(from: Position): Promise<Window | undefined> {
    const entries: Entry[] = [];
    let to = from;
    while (to.seq - from.seq < span) {
      const read: EntriesRead = await this.#reader.after(to);
      if (read.outcome !== 'read') return undefined;
      if (read.entries.length === 0) break;
      entries.push(...read.entries);
      to = read.entries.at(-1)!.change.position;
    }
    return { from, to, entries };
  }
}

/** Of what a stream wants, the last of each object, in order. What it does not want tells nothing of how an object left it. */
export function lastOfEach(wanted: readonly Entry[]): readonly Entry[] {
  const last = new Map<string, Entry>();
  for (const entry of wanted) {
    const { object, id } = entry.change;
    const key = `${object} ${id}`;
    // Where it stands in the order is where it changed last.
    last.delete(key);
    last.set(key, entry);
  }
  return [...last.values()];
}
