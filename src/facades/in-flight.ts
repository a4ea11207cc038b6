import type { Load } from './shedding.js';

/** Equal parts of so many times `maxInFlight` are more than memory is for: it takes eighty principals at their bounds to come there. */
const mostTimes = 4;

/** Work that was let in and is not done: in all, and of each principal. */
export class InFlight {
  readonly #mostOfOne: number;
  readonly #load: Pick<Load, 'maxInFlight'>;
  /** Of those who have some. */
  readonly #own = new Map<string, number>();
  #all = 0;

  constructor(mostOfOne: number, load: Pick<Load, 'maxInFlight'>) {
    this.#mostOfOne = mostOfOne;
    this.#load = load;
  }

  get all(): number {
    return this.#all;
  }

  get full(): boolean {
    return this.#all >= this.#load.maxInFlight;
  }

  /**
   * False when the principal has as much under way as it may: less when all together have too much. Then nobody begins more than
   * an equal part of it, so that those who fill the gateway shut nobody else out.
   */
  enter(principal: string): boolean {
    const own = this.#own.get(principal) ?? 0;
    if (own >= this.#mostOfOne || this.#all >= mostTimes * this.#load.maxInFlight) return false;
    if (this.full && own >= this.#load.maxInFlight / this.#own.size) return false;
    this.#own.set(principal, own + 1);
    this.#all += 1;
    return true;
  }

  leave(principal: string): void {
    const left = this.#own.get(principal)! - 1;
    if (left > 0) this.#own.set(principal, left);
    else this.#own.delete(principal);
    this.#all -= 1;
  }
}
