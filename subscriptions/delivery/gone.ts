import type { Position } from '#schema/position.js';
import type { Subscribers } from './surroundings.js';

/** Subscriptions that were deleted, as long as the view may still show them. */
export class Gone {
  readonly #subscribers: Pick<Subscribers, 'reached'>;
  readonly #deleted = new Map<string, Position>();

  constructor(subscribers: Pick<Subscribers, 'reached'>) {
    this.#subscribers = subscribers;
  }

  get size(): number {
    return this.#deleted.size;
  }

  has(id: string): boolean {
    return this.#deleted.has(id);
  }

  /** Deleted at that place of the log. */
  add(id: string, position: Position): void {
    this.#deleted.set(id, position);
    const forget = () => {
      if (this.#deleted.get(id) === position) this.#deleted.delete(id);
    };
    // A log that has lost the place has lost the deletion.
    this.#subscribers.reached(position).then(forget, forget);
  }

  /** It stands again: it was restored. */
  delete(id: string): void {
    this.#deleted.delete(id);
  }
}
