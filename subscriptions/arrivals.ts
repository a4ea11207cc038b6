import type { NativeEvent } from '#adapters/contract.js';
import type { Fact } from '#adapters/kit/materialise.js';
import { KindArrivals, type Changed, type Ordering } from './kind-arrivals.js';

/**
 * Decides which reports of a backend count, and in which order. What the backend answered to a write of ours comes around the
 * stream of its watch or list, which may still be telling what was before: that must not undo what the caller has read.
 */
export interface Arrivals {
  /** What the watch or list said; `polled`: when the list began, for a backend that is polled. */
  told(events: readonly NativeEvent[], now: number, polled?: number): readonly Fact[];
  /** What the backend answered to a write that was sent at `began`, or pushed to us. */
  wrote(events: readonly NativeEvent[], now: number, began: number): readonly Fact[];
  /** Whether the native is there, as far as was told or written. */
  knows(event: NativeEvent): boolean;
  /** Ends the pins that are over. Answers whether only a full list can tell the truth of what was written. */
  due(now: number): boolean;
  /** When `due` has something to do; undefined while nothing is pinned. */
  next(): number | undefined;
  /** Lists that have begun will not be finished. */
  abandon(): void;
  /** Everything must be projected anew: answers what was written and may not be told again before the pins end. */
  renewed(): readonly Fact[];
}

export function arrivals(newer: Ordering): Arrivals {
  const kinds = new Map<string, KindArrivals>();
  const at = (kind: string): KindArrivals => {
    let state = kinds.get(kind);
    if (!state) kinds.set(kind, (state = new KindArrivals(kind, newer)));
    return state;
  };
  const changed = (event: NativeEvent): event is Changed => event.type === 'upsert' || event.type === 'delete';
  return {
    told(events, now, polled) {
      const facts: Fact[] = [];
      for (const event of events) {
        const kind = at(event.kind);
        if (changed(event)) facts.push(...kind.told(event, now, polled));
        else if (event.type === 'begin') kind.begin();
        else if (event.type === 'complete') for (const fact of kind.complete(now, polled)) facts.push(fact);
        else {
          if (event.type === 'stale') kind.abandon();
          facts.push(event);
        }
      }
      return facts;
    },
    wrote: (events, now, began) =>
      events.flatMap((event) => (changed(event) ? at(event.kind).wrote(event, now, began) : [])),
    knows: (event) => changed(event) && at(event.kind).knows(event.identity),
    due: (now) => [...kinds.values()].filter((kind) => kind.due(now)).length > 0,
    next() {
      const times = [...kinds.values()].flatMap((kind) => kind.next() ?? []);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    abandon: () => kinds.forEach((kind) => kind.abandon()),
    renewed: () => [...kinds.values()].flatMap((kind) => kind.renewed()),
  };
}
