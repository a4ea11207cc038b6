import type { Value } from '#schema/change.js';
import type { ToldEvent } from '../log/told-event.js';
import type { Turn } from './course.js';
import type { Subscriber } from './deliveries.js';
import type { Compiled } from './matching.js';
import type { Workshop } from './workshop.js';

const unread = 'The filter of a subscription cannot be read.';
const unasked =
  'Whether a subscription is owed a change could not be found out; it reads the log again, and is degraded if that fails too.';
const broken =
  'Whether a subscription is owed a change cannot be found out; it is degraded until its filter is changed or it is resumed.';

/** Attributes that decide what is owed. */
const wanting = ['filter', 'filterMode', 'apiMajor'];

/** Whether something else is owed to a row than was before. */
export function wantsElse(before: Value, row: Value): boolean {
  return wanting.some((name) => before[name] !== row[name]);
}

interface Around {
  turn(turn: Turn): void;
  report(message: string, error: unknown): void;
}

/**
 * Asks the filter of one subscription what is owed to it. One that cannot be asked is out of the index, shown as degraded, and
 * passes over nothing, until it is read anew.
 */
export class Asking {
  readonly #id: string;
  readonly #shop: Pick<Workshop, 'matching' | 'index'>;
  readonly #around: Around;
  #compiled: Compiled | undefined;
  /** A change at which it failed was reported: each that follows would be. */
  #reported = false;

  constructor(id: string, shop: Pick<Workshop, 'matching' | 'index'>, around: Around) {
    this.#id = id;
    this.#shop = shop;
    this.#around = around;
  }

  get able(): boolean {
    return this.#compiled !== undefined;
  }

  /** Reads the filter of the row. */
  read(row: Subscriber): void {
    this.#reported = false;
    try {
      this.#compiled = this.#shop.matching.compile(row);
      this.#shop.index.add(row, this.#compiled);
    } catch (error) {
      this.#giveUp(unread, error, 'Its filter cannot be read by this release');
    }
  }

  /** Whether the row is owed what has happened; throws, and is able to no more, when that cannot be found out. */
  wants(row: Subscriber, event: ToldEvent): boolean {
    try {
      return this.#shop.matching.mayRead(row, event) && this.#compiled!.matches(event);
    } catch (error) {
      this.#giveUp(broken, error, 'Whether a change matches its filter cannot be found out (change it, or resume)');
      throw error;
    }
  }

  /** The index could not ask it. */
  failed(error: unknown): void {
    if (!this.#reported) this.#around.report(unasked, error);
    this.#reported = true;
  }

  #giveUp(message: string, error: unknown, why: string): void {
    this.#compiled = undefined;
    this.#shop.index.remove(this.#id);
    if (!this.#reported) this.#around.report(message, error);
    const reason = `${why}: ${error instanceof Error ? error.message : String(error)}`;
    this.#around.turn({ state: 'degraded', reason });
  }
}
