import type { Position } from '#schema/position.js';
import type { LogReader } from '../log/reader.js';
import type { Entry } from '../log/recent.js';

/** Who is further behind is told of the last change of each object alone: 10,000 changes to 1,000 clients took 100 s and more. */
const far = 1000;
/** Changes that are looked at together; about 30 MB of servers. Windows end at multiples of it, so that neighbours share. */
const span = 10_240;
const windows = 2;

/** A window that nobody passed for so long is let go, milliseconds. */
const kept = 30_000;

/** A stretch of the log. */
export interface Window {
  readonly from: Position;
  readonly to: Position;
  readonly entries: readonly Entry[];
}

interface Passing {
  readonly position: Position;
  pass(window: Window | undefined): Promise<void>;
}

/**
 * Long stretches of the log, read once for all who have to pass them. One window is read at a time, for whoever waits longest
 * and all others in it, and the next when they have passed: what is held is two windows, however many are how far behind.
 */
export class Digest {
  readonly #reader: LogReader;
  /** By their number, the one that was passed last at the end. */
  #windows = new Map<number, Window>();
  #waiting: Passing[] = [];
  #running = false;
  #letGo: NodeJS.Timeout | undefined;

  constructor(reader: LogReader) {
    this.#reader = reader;
  }

  isFar(position: Position, head: Position): boolean {
    return head.seq - position.seq > far;
  }

  /** What is made of the window in which a place of the log lies, when it is its turn; of none where it cannot be read on. */
  pass<R>(position: Position, make: (window: Window | undefined) => Promise<R>): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const pass = (window: Window | undefined) => make(window).then(resolve, reject);
      this.#waiting.push({ position, pass });
      if (!this.#running) void this.#run();
    });
  }

  /** The log was rewritten, or nobody is far behind. */
  forget(): void {
    this.#windows = new Map();
  }

  async #run(): Promise<void> {
    this.#running = true;
    clearTimeout(this.#letGo);
    for (let [next] = this.#waiting; next; [next] = this.#waiting) {
      const number = numberOf(next.position);
      const together = this.#waiting.filter(({ position }) => numberOf(position) === number);
      this.#waiting = this.#waiting.filter(({ position }) => numberOf(position) !== number);
      const first = together.reduce((a, b) => (b.position.seq < a.position.seq ? b : a));
      const last = together.reduce((a, b) => (b.position.seq > a.position.seq ? b : a));
      // Whoever cannot be served reads on alone, and finds out why.
      const window = await this.#window(number, first.position, last.position).catch(() => undefined);
      const lies = ({ seq }: Position) => window !== undefined && seq < window.to.seq;
      await Promise.all(together.map(({ position, pass }) => pass(lies(position) ? window : undefined)));
    }
    this.#letGo = setTimeout(() => this.forget(), kept).unref();
    this.#running = false;
  }

  /** One that holds what is behind both places. */
  async #window(number: number, first: Position, last: Position): Promise<Window | undefined> {
    const all = this.#windows;
    const known = all.get(number);
    all.delete(number);
    const held = known && known.from.seq <= first.seq && last.seq < known.to.seq;
    const window = held ? known : await this.#read(first, (number + 1) * span);
    // `forget` took another map.
    if (window) all.set(number, window);
    if (all.size > windows) all.delete(all.keys().next().value!);
    return window;
  }

  async #read(from: Position, end: number): Promise<Window | undefined> {
    const entries: Entry[] = [];
    let to = from;
    while (to.seq < end) {
      const read = await this.#reader.after(to);
      if (read.outcome !== 'read') return undefined;
      if (read.entries.length === 0) break;
      for (const entry of read.entries) entries.push(entry);
      to = read.entries.at(-1)!.change.position;
    }
    return { from, to, entries };
  }
}

/** Windows are numbered from the beginning of the log. */
function numberOf({ seq }: Position): number {
  return Math.floor(seq / span);
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
