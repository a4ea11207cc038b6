import { formatPosition } from '#schema/position.js';
import type { Seat } from '#subscriptions/live/stream.js';

/** How far a stream of a WebSocket has come, as far as its client is still to be told. */
export class Place {
  seat: Seat | undefined;
  #known: string | undefined;
  #told = false;

  /** It was told something, which says where that was. */
  told(): void {
    this.#told = true;
  }

  /** Where it has come to, when that is news: it moved, and nothing was told since this was asked last. */
  news(): string | undefined {
    const told = this.#told;
    this.#told = false;
    const position = told ? undefined : this.seat?.position();
    const text = position && formatPosition(position);
    if (text === undefined || text === this.#known) return undefined;
    return (this.#known = text);
  }
}

/** The protocol's own ping, which clients answer by themselves and hand to who asks for its payload; undefined without news. */
export function newsOf(places: ReadonlyMap<string, Place>): string | undefined {
  const positions: [string, string][] = [];
  for (const [id, place] of places) {
    const text = place.news();
    if (text !== undefined) positions.push([id, text]);
  }
  if (positions.length === 0) return undefined;
  return JSON.stringify({ type: 'ping', payload: { positions: Object.fromEntries(positions) } });
}
