import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds that may be taken of one turn of the loop. */
const slice = 2;

/** One slice of each turn of the loop, for all queues there are: five of their own kept a read waiting for 10 ms and more. */
class Share {
  /** Those that go on in a later turn, one in each. */
  readonly #waiting: (() => void)[] = [];
  /** When the first work of this turn began; undefined before that. */
  #began: number | undefined;
  #armed = false;

  usedUp(): boolean {
    return this.#began !== undefined && performance.now() - this.#began > slice;
  }

  /** Work begins. */
  begin(): void {
    this.#began ??= performance.now();
    this.#arm();
  }

  /** Resolves in a turn of which nothing is used. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#arm();
    });
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    setImmediate(() => {
      this.#armed = false;
      this.#began = undefined;
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#arm();
    });
  }
}

const share = new Share();

/** Begins a piece of work; resolves when the next one may begin. */
type Begin = () => Promise<unknown>;
/** A symbol is nobody else's. */
type Name = string | symbol;

/** Work of many takes turns: however many they are, everybody else has the loop after each slice. */
class Queue {
  /** Who waits, the next one first, each with its work. */
  readonly #waiting = new Map<Name, Begin[]>();
  #running = false;

  add(name: Name, begin: Begin): void {
    const works = this.#waiting.get(name);
    if (works) works.push(begin);
    else this.#waiting.set(name, [begin]);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    // Nothing is begun in the midst of what adds it.
    await undefined;
    for (let [first] = this.#waiting; first; [first] = this.#waiting) await this.#turnOf(...first);
    this.#running = false;
  }

  /** A name goes on until its own slice is used up, then it stands behind all others: pieces are of any length. */
  async #turnOf(name: Name, works: Begin[]): Promise<void> {
    for (let left = slice; left > 0 && works.length > 0;) {
      if (share.usedUp()) await share.next();
      share.begin();
      const began = performance.now();
      await works.shift()!();
      left -= performance.now() - began;
      // What it does next may be asked for by those who have waited for this.
      if (works.length === 0 && left > 0 && this.#waiting.size > 1)
        await new Promise<void>((resolve) => process.nextTick(resolve));
    }
    this.#waiting.delete(name);
    if (works.length > 0) this.#waiting.set(name, works);
  }
}

/** Turns of one name: its work is done first come, first served, and names take turns with each other, of the same time. */
export class Turns {
  readonly #queue: Queue;
  readonly #name: Name;

  constructor(queue = new Queue(), name: Name = '') {
    this.#queue = queue;
    this.#name = name;
  }

  /** Those of another name in the same queue. */
  of(name: Name): Turns {
    return new Turns(this.#queue, name);
  }

  /**
   * Does the work when it is its turn. The next one begins when what the work has `begun` has ended, so that the slice counts
   * all of it; what waits for something else than the processor keeps the others for one turn of the loop only.
   */
  take<T>(work: () => T, begun?: (done: T) => Promise<unknown>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.add(this.#name, async () => {
        try {
          const done = work();
          resolve(done);
          await (begun && Promise.race([begun(done), nextTurn()]));
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  /** Does the work for each of them, in as many turns as that takes. */
  async each<T>(all: Iterable<T>, work: (one: T) => void): Promise<void> {
    const rest = all[Symbol.iterator]();
    let next = rest.next();
    if (next.done) return;
    await this.until(() => {
      work(next.value as T);
      next = rest.next();
      return next.done === true;
    });
  }

  /** Does the work again until it answers that nothing is left, in as many turns as that takes. */
  async until(work: () => boolean): Promise<void> {
    const some = () => {
      let over = work();
      while (!over && !share.usedUp()) over = work();
      return over;
    };
    while (!(await this.take(some)));
  }
}
