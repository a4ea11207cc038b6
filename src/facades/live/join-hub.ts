import { Fault } from '#schema/errors.js';
import type { Position } from '#schema/position.js';
import type { Hub } from '#subscriptions/live/hub.js';
import type { Seat, Sink, Stream } from '#subscriptions/live/stream.js';

export interface Joinable {
  readonly hub: Hub;
  /** Most streams that differ. */
  readonly most: number;
}

/** Joins a stream of the hub. Throws RATE_LIMITED when there are too many that differ. */
export function joinHub<T>({ hub, most }: Joinable, stream: Stream<T>, sink: Sink<T>, since?: Position): Seat {
  if (hub.size >= most && !hub.has(stream.key))
    throw new Fault('RATE_LIMITED', `There are ${most} different live streams already.`, { retryAfter: 30 });
  return hub.join(stream, sink, since);
}
