import { Fault } from '#schema/errors.js';
import type { Position } from '#schema/position.js';
import type { Hub } from '#subscriptions/live/hub.js';
import type { Seat, Sink, Stream } from '#subscriptions/live/stream.js';

/** Most streams that differ. */
export interface StreamLimits {
  readonly streams: number;
  /** Those that one principal takes part in; a quarter of all when absent. */
  readonly streamsPerPrincipal?: number | undefined;
}

/** Joins a stream of the hub for a principal. Throws RATE_LIMITED when there are too many that differ. */
export type Join = <T>(principal: string, stream: Stream<T>, sink: Sink<T>, since?: Position) => Seat;

export function joining(
  hub: Hub,
  { streams, streamsPerPrincipal: mostOfOne = Math.ceil(streams / 4) }: StreamLimits,
): Join {
  /** How often each principal listens to each stream. */
  const listening = new Map<string, Map<string, number>>();
  return (principal, stream, sink, since) => {
    const { key } = stream;
    const own = listening.get(principal) ?? new Map<string, number>();
    if (own.size >= mostOfOne && !own.has(key)) throw tooMany(`You have ${mostOfOne}`);
    if (hub.size >= streams && !hub.has(key)) throw tooMany(`There are ${streams}`);
    const seat = hub.join(stream, sink, since);
    listening.set(principal, own.set(key, (own.get(key) ?? 0) + 1));
    let seated = true;
    return {
      position: () => seat.position(),
      leave() {
        if (!seated) return;
        seated = false;
        seat.leave();
        const left = own.get(key)! - 1;
        if (left > 0) own.set(key, left);
        else own.delete(key);
        if (own.size === 0) listening.delete(principal);
      },
    };
  };
}

function tooMany(there: string): Fault {
  return new Fault('RATE_LIMITED', `${there} different live streams already.`, { retryAfter: 30 });
}
