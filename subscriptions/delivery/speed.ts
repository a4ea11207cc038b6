/**
 * An endpoint that takes longer is slow, milliseconds: it has the places that retries have. Beside 30 that answered 204 after 14 s a
 * good one of the same tenant was told 4 notifications in 30 s, and is told 150 now, as it is alone.
 */
const slow = 1000;

/** How fast an endpoint answers one tenant. */
export class Speed {
  /** When what is under way began, the oldest first. */
  readonly #began = new Set<{ readonly at: number }>();
  /** Milliseconds: each that takes less counts half. Undefined before its first answer. */
  #takes: number | undefined;

  get isSlow(): boolean {
    if (this.#takes !== undefined && this.#takes > slow) return true;
    const [oldest] = this.#began;
    return oldest !== undefined && performance.now() - oldest.at > slow;
  }

  /** Of one that has not answered yet, it is not known how long it takes: it is asked one at a time. */
  get hasRoom(): boolean {
    return this.#takes !== undefined || this.#began.size === 0;
  }

  /** Something begins; when it ends, it says whether the endpoint was asked until it answered, or until its time was up. */
  begin(): (asked: boolean) => void {
    const began = { at: performance.now() };
    this.#began.add(began);
    return (asked) => {
      this.#began.delete(began);
      if (asked) this.#takes = Math.max(performance.now() - began.at, (this.#takes ?? 0) / 2);
    };
  }
}
