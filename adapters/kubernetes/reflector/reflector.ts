import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeBatch, NativeEvent } from '../../contract.js';
import { Silent } from './arrivals.js';
import { createBackoff } from './backoff.js';
import { ApiFault, placeIsLost, refusesStreaming } from './fault.js';
import { createHealth, reasonOf } from './health.js';
import { listByPages } from './list.js';
import type { Progress } from './progress.js';
import type { KindSource } from './source.js';
import { usualTiming } from './timing.js';
import { watchFrom } from './watch.js';

/**
 * Keeps telling what happens to the objects of one kind: a full list, then every change. No fault ends it, only the signal
 * does. It goes on from `cursor`, else from where it was, and lists anew when the server has forgotten that place; `begin`
 * after `begin` starts a list over. A batch's cursor has the one entry of its kind, and none while a list is incomplete.
 */
export async function* reflect(source: KindSource, signal: AbortSignal, cursor?: string): AsyncGenerator<NativeBatch> {
  const { kind, timing = usualTiming } = source;
  const backoff = createBackoff(timing.backoff);
  const health = createHealth(source, timing.staleAfter);
  let place = cursor;
  let streams = true;

  while (!signal.aborted) {
    try {
      if (place === undefined && !streams) {
        for await (const progress of listByPages(source, signal, timing)) {
          place = progress.place;
          yield toBatch(kind, progress);
        }
      }
      const began = performance.now();
      for await (const progress of watchFrom(source, place, signal, timing)) {
        const recovered = progress.place === undefined ? [] : health.well();
        const isNews = progress.events.length > 0 || recovered.length > 0 || progress.place !== place;
        place = progress.place;
        if (isNews) yield toBatch(kind, progress, recovered);
      }
      if (performance.now() - began < timing.shortest) throw new Error('The server ended the watch at once.');
    } catch (fault) {
      if (signal.aborted) return;
      if (place === undefined && streams && (refusesStreaming(fault) || fault instanceof Silent)) {
        streams = false;
        source.log('info', 'The server does not stream lists; reading by pages.', { kind, reason: reasonOf(fault) });
        continue;
      }
      const lost = placeIsLost(fault);
      if (lost) place = undefined;
      const stale = health.ill(fault, place === undefined && !lost);
      if (stale) yield { events: [stale] };
      await sleep(backoff.next(retryAfter(fault)), undefined, { signal }).catch(() => undefined);
    }
  }
}

function toBatch(kind: string, { events, place }: Progress, first: readonly NativeEvent[] = []): NativeBatch {
  const all = first.length > 0 ? [...first, ...events] : events;
  return place === undefined ? { events: all } : { events: all, cursor: { [kind]: place } };
}

/** Milliseconds the server asked to be left alone. */
function retryAfter(fault: unknown): number {
  return fault instanceof ApiFault && fault.retryAfter !== undefined ? fault.retryAfter * 1000 : 0;
}
