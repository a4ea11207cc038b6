import type { Load } from './shedding.js';

/** Equal parts of so many times `maxInFlight` are more than memory is for: it takes eighty principals at their bounds to come there. */
const mostTimes = 4;

/** Principals that are remembered before those who have nothing under way are forgotten. */
const mostIdle = 1000;

interface Own {
  underWay: number;
}

/** Work that was let in and is not done: in all, and of each principal. */
export class InFlight {
  readonly #mostOfOne: number;
  readonly #load: Pick<Load, 'maxInFlight'>;
  /** Also of who has none just now: a Map that loses its last entry with every answer is made anew, beyond the young generation. */
  readonly #own = new Map<string, Own>();
  /** How many have some. */
  #busy = 0;
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
    const own = this.#of(principal);
    const { underWay } = own;
    if (underWay >= this.#mostOfOne || this.#all >= mostTimes * this.#load.maxInFlight) return false;
    if (this.full && underWay >= this.#load.maxInFlight / this.#busy) return false;
    if (underWay === 0) this.#busy += 1;
    own.underWay += 1;
    this.#all += 1;
    return true;
  }

  leave(principal: string): void {
    const own = this.#own.get(principal)!;
    own.underWay -= 1;
    if (own.underWay === 0) this.#busy -= 1;
    this.#all -= 1;
  }

  #of(principal: string): Own {
    let own = this.#own.get(principal);
    if (own) return own;
    if (this.#own.size >= mostIdle)
      for (const [name, { underWay }] of this.#own) if (underWay === 0) this.#own.delete(name);
    this.#own.set(principal, (own = { underWay: 0 }));
    return own;
  }
}
