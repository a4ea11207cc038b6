import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Position } from '#schema/position.js';
import type { LogReader } from '../log/reader.js';
import type { Entry } from '../log/recent.js';
import { sizeOf } from '../log/size.js';
import type { Found } from './fold.js';

/** Who is further behind, in changes of everybody's, passes windows. */
const far = 1000;
/** Changes that are looked at together; about 30 MB of servers. Windows end at multiples of it, so that neighbours share. */
const span = 10_240;
/** Of large ones fewer, as `sizeOf` counts: whoever is behind the end of such a window passes the next of the same number. */
const spanBytes = 32 * 1024 * 1024;
/** Held at most; so many tenants pass one at once, or more that pass the same. */
const windows = 3;

/** A window that nobody passed for so long is let go, milliseconds. */
const kept = 30_000;

/** Of memory for lists of what a window had for streams; about six of those that want all of it. */
const listBytes = 2 * 1024 * 1024;

/** A stretch of the log. */
export interface Window {
  readonly from: Position;
  readonly to: Position;
  readonly entries: readonly Entry[];
  /** It ended for its bytes: the log goes on. */
  readonly full: boolean;
  /**
   * What it had for whom, where nobody is within at present. 1,000 who came back one by one looked through all of it 250 times:
   * 60 ms of each 200.
   */
  readonly left: LRUCache<object, Found>;
}

interface Passing {
  readonly position: Position;
  /** What the window has to hold at the least. */
  readonly upTo: number;
  pass(window: Window | undefined): Promise<void>;
}

/**
 * Long stretches of the log, read once for all who have to pass them, one at a time. A tenant passes one window at a time, that of
 * whoever waits longest with all others in it, and the next when they have passed: no other tenant waits for its filters, and
 * what is held is few windows, however many are how far behind.
 */
export class Digest {
  readonly #reader: LogReader;
  /** By their number, the one that was entered last at the end. */
  #windows = new Map<number, Window>();
  /** How many tenants are in each. */
  readonly #entered = new Map<Window, number>();
  /** By their tenants, which have somebody within a window. */
  readonly #waiting = new Map<string, Passing[]>();
  /** Those for whom no window can be read now. */
  #blocked: (() => void)[] = [];
  #reading = false;
  #letGo: NodeJS.Timeout | undefined;

  constructor(reader: LogReader) {
    this.#reader = reader;
  }

  isFar(position: Position, head: Position): boolean {
    return head.seq - position.seq > far;
  }

  /**
   * What is made of the window in which a place of the log lies, when it is its turn; of none where it cannot be read on. It goes
   * up to `to` at the least, which is one that the place had before.
   */
  pass<R>(
    position: Position,
    make: (window: Window | undefined) => Promise<R>,
    tenant = '',
    to?: Position,
  ): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const pass = (window: Window | undefined) => make(window).then(resolve, reject);
      const passing = { position, upTo: to?.seq ?? position.seq + 1, pass };
      const waiting = this.#waiting.get(tenant);
      if (waiting) return void waiting.push(passing);
      this.#waiting.set(tenant, [passing]);
      void this.#run(tenant);
    });
  }

  /** The log was rewritten, or nobody is far behind. */
  forget(): void {
    this.#windows = new Map();
  }

  async #run(tenant: string): Promise<void> {
    clearTimeout(this.#letGo);
    for (let waiting = this.#waiting.get(tenant)!; waiting.length > 0; waiting = this.#waiting.get(tenant)!) {
      const number = numberOf(waiting[0]!.position);
      const together = waiting.filter(({ position }) => numberOf(position) === number);
      this.#waiting.set(
        tenant,
        waiting.filter(({ position }) => numberOf(position) !== number),
      );
      await this.#passTogether(number, together);
    }
    this.#waiting.delete(tenant);
    if (this.#waiting.size === 0) this.#letGo = setTimeout(() => this.forget(), kept).unref();
  }

  async #passTogether(number: number, together: readonly Passing[]): Promise<void> {
    for (let left = together; left.length > 0;) {
      const first = left.reduce((a, b) => (b.position.seq < a.position.seq ? b : a));
      const last = left.reduce((a, b) => (b.upTo > a.upTo ? b : a));
      const window = await this.#enter(number, first, last).catch(() => undefined);
      const lies = ({ upTo }: Passing) => window !== undefined && upTo <= window.to.seq;
      const behind = window?.full ? left.filter((each) => !lies(each)) : [];
      // Whoever cannot be served reads on alone, and finds out why.
      await Promise.all(
        left.filter((each) => !behind.includes(each)).map((each) => each.pass(lies(each) ? window : undefined)),
      );
      if (window) await this.#leave(window);
      left = behind;
    }
  }

  /** One that holds what is behind both places, or as much of it as one may. */
  async #enter(number: number, first: Passing, last: Passing): Promise<Window | undefined> {
    const { position } = first;
    for (;;) {
      const known = this.#windows.get(number);
      const furthest = known?.full ? first : last;
      if (known && known.from.seq <= position.seq && furthest.upTo <= known.to.seq)
        return this.#entering(number, known);
      if (!this.#reading && this.#entered.size < windows) break;
      await new Promise<void>((resolve) => this.#blocked.push(resolve));
    }
    this.#reading = true;
    this.#makeRoom(number);
    const all = this.#windows;
    try {
      const window = await this.#read(position, (number + 1) * span);
      // `forget` took another map.
      return window && this.#entering(number, window, all);
    } finally {
      this.#reading = false;
      this.#goOn();
    }
  }

  #entering(number: number, window: Window, all = this.#windows): Window {
    all.delete(number);
    all.set(number, window);
    this.#entered.set(window, (this.#entered.get(window) ?? 0) + 1);
    return window;
  }

  /** For another one, of this number. */
  #makeRoom(number: number): void {
    const all = this.#windows;
    all.delete(number);
    for (const [each, window] of all) {
      if (new Set([...all.values(), ...this.#entered.keys()]).size < windows) return;
      if (!this.#entered.has(window)) all.delete(each);
    }
  }

  async #leave(window: Window): Promise<void> {
    const left = this.#entered.get(window)! - 1;
    if (left > 0) return void this.#entered.set(window, left);
    this.#entered.delete(window);
    if (this.#blocked.length === 0) return;
    this.#goOn();
    // Whoever has waited for it goes first.
    await nextTurn();
  }

  #goOn(): void {
    const blocked = this.#blocked;
    this.#blocked = [];
    for (const go of blocked) go();
  }

  async #read(from: Position, end: number): Promise<Window | undefined> {
    const entries: Entry[] = [];
    let [to, bytes, full] = [from, 0, false];
    while (to.seq < end && !full) {
      const read = await this.#reader.after(to);
      if (read.outcome !== 'read') return undefined;
      if (read.entries.length === 0) break;
      for (const entry of read.entries) {
        bytes += sizeOf(entry.change);
        full = bytes > spanBytes && entries.length > 0;
        if (full) break;
        entries.push(entry);
        to = entry.change.position;
      }
    }
    const left = new LRUCache<object, Found>({ maxSize: listBytes, sizeCalculation: ({ bytes }) => bytes });
    return { from, to, entries, full, left };
  }
}

/** Windows are numbered from the beginning of the log. */
function numberOf({ seq }: Position): number {
  return Math.floor(seq / span);
}
