/** Work that was let in and is not done: in all, and of each principal, of whom there are as many as tokens. */
export class InFlight {
  readonly #mostOfOne: number;
  readonly #own = new Map<string, number>();
  #all = 0;

  constructor(mostOfOne: number) {
    this.#mostOfOne = mostOfOne;
  }

  get all(): number {
    return this.#all;
  }

  /** False when the principal has as much under way as it may. */
  enter(principal: string): boolean {
    const own = this.#own.get(principal) ?? 0;
    if (own >= this.#mostOfOne) return false;
    this.#own.set(principal, own + 1);
    this.#all += 1;
    return true;
  }

  leave(principal: string): void {
    this.#own.set(principal, this.#own.get(principal)! - 1);
    this.#all -= 1;
  }
}
