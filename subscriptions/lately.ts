/** What was noted by name in about the last `span` milliseconds: not less, and at most twice as long. */
export class Lately<T> {
  readonly #span: number;
  #since = -Infinity;
  #notes = new Map<string, T[]>();
  #older = new Map<string, T[]>();

  constructor(span: number) {
    this.#span = span;
  }

  note(name: string, what: T, now: number): void {
    if (now - this.#since > this.#span) {
      this.#older = now - this.#since > 2 * this.#span ? new Map<string, T[]>() : this.#notes;
      this.#notes = new Map();
      this.#since = now;
    }
    const before = this.#notes.get(name);
    if (before) before.push(what);
    else this.#notes.set(name, [what]);
  }

  of(name: string): readonly T[] {
    const [older, notes] = [this.#older.get(name), this.#notes.get(name)];
    return older && notes ? [...older, ...notes] : (older ?? notes ?? []);
  }
}
