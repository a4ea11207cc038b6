import type { Position } from '#schema/position.js';
import type { Store } from '#platform/store/store.js';
import type { Lost } from '../log/reader.js';
import type { Recent } from '../log/recent.js';
import type { Tail } from '../log/tail.js';

/** Where to go on; `lost`: why changes may be missing. */
export interface Relocated {
  readonly position: Position;
  readonly lost?: string;
}

/** The log that was followed before it was rewritten. */
interface Former {
  readonly recent: Recent;
  /** The last of its places in memory that the log has still: the same for all. */
  last?: Promise<Position | undefined>;
}

/**
 * Where to go on when the log no longer has a place. In a log that was rewritten, behind the last place that both have: what
 * was lost was either told or is found again by who reads the backends. Only without one may changes be missing.
 */
export class Relocation {
  readonly #store: Store;
  readonly #tail: () => Pick<Tail, 'position' | 'recent' | 'caughtUp'>;
  #former: Former | undefined;

  constructor(store: Store, tail: () => Pick<Tail, 'position' | 'recent' | 'caughtUp'>) {
    this.#store = store;
    this.#tail = tail;
  }

  /** The log that was followed until now was rewritten. */
  rewritten(former: Recent): void {
    this.#former = { recent: former };
  }

  /** `passed`: places that the log had in which `place` stood, newest first. */
  async relocate(place: Position, passed: readonly Position[], why: Lost): Promise<Relocated> {
    if (await stands(this.#store, place)) return { position: place };
    if (why.outcome === 'gone') {
      const lost = 'The log was trimmed before all was delivered; changes are missing.';
      return { position: why.oldest.position, lost };
    }
    const common = (await this.#lastInMemory(place)) ?? (await lastOf(this.#store, before(passed, place)));
    if (common) return { position: common };
    return { position: this.#tail().position, lost: 'The log was rewritten; changes between may be missing.' };
  }

  async #lastInMemory(place: Position): Promise<Position | undefined> {
    const follows = () => this.#tail().recent.after(place, 1) !== undefined;
    // The tail has yet to find out that the log is another.
    if (follows()) await this.#tail().caughtUp();
    if (follows()) throw new Error('The log is being rewritten.');
    const former = this.#former;
    if (!former?.recent.after(place, 1)) return undefined;
    former.last ??= lastOf(this.#store, [...former.recent.positions()]);
    try {
      const last = await former.last;
      if (!last || last.seq <= place.seq) return last;
    } catch (error) {
      delete former.last;
      throw error;
    }
    // It stood when the log was rewritten, and does no longer: it was rewritten again.
    throw new Error('The log was rewritten again.');
  }
}

export async function stands(store: Store, position: Position): Promise<boolean> {
  return (await store.read(position, 1)).outcome === 'read';
}

/** How many of places of one log, newest first, it has lost since. Those behind them stand all, or were trimmed. */
export async function lostOf(store: Store, places: readonly Position[]): Promise<number> {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { outcome } = await store.read(places[middle]!, 1);
    if (outcome === 'rewritten') low = middle + 1;
    else high = middle;
  }
  return low;
}

async function lastOf(store: Store, places: readonly Position[]): Promise<Position | undefined> {
  return places[await lostOf(store, places)];
}

function before(places: readonly Position[], { seq }: Position): readonly Position[] {
  const from = places.findIndex((each) => each.seq <= seq);
  return from < 0 ? [] : places.slice(from);
}
