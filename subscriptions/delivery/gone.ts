import type { Position } from '#schema/position.js';

/**
 * Subscriptions that were deleted, for as long as the view may still show them: what it shows must not begin them again. An id is
 * used again only by one that is restored.
 */
export class Gone {
  readonly #places = new Map<string, Position>();

  add(id: string, at: Position): void {
    this.#places.set(id, at);
  }

  has(id: string): boolean {
    return this.#places.has(id);
  }

  delete(id: string): void {
    this.#places.delete(id);
  }

  /** Forgets those whose deletion the view has `seen`, but for those that are being begun from what it showed before. */
  forget(seen: Position, beginning: ReadonlySet<string>): void {
    for (const [id, at] of this.#places) if (at.seq <= seen.seq && !beginning.has(id)) this.#places.delete(id);
  }
}
