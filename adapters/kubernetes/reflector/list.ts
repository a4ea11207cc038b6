import type { NativeEvent } from '../../contract.js';
import { itemSplitter } from './items.js';
import { portion, type Progress } from './progress.js';
import { sliced } from './slices.js';
import { type Identified, type KindSource, queryOf } from './source.js';
import type { Timing } from './timing.js';

const pageSize = '500';

/** A full list by pages, for servers that do not stream it. Ends with `complete` and the place to watch from. */
export async function* listByPages(source: KindSource, signal: AbortSignal, timing: Timing): AsyncGenerator<Progress> {
  const { kind } = source;
  let events: NativeEvent[] = [{ type: 'begin', kind }];
  const parse = (piece: Buffer): NativeEvent => {
    const native = JSON.parse(piece.toString()) as Identified;
    const { uid, resourceVersion } = native.metadata;
    return { type: 'upsert', kind, identity: uid, native: source.slim(native), version: resourceVersion };
  };
  let next: string | undefined;
  let place: string | undefined;
  do {
    const path = queryOf(source, { limit: pageSize, ...(next ? { continue: next } : {}) });
    const response = await source.request({ path, signal, answerWithin: timing.answerWithin });
    const items = itemSplitter();
    for await (const parsed of sliced(response, items, parse, () => timing.answerWithin)) {
      events.push(...parsed);
      if (events.length < portion) continue;
      yield { events, place: undefined };
      events = [];
    }
    const { metadata } = items.envelope();
    place = metadata.resourceVersion;
    next = metadata.continue;
  } while (next);
  events.push({ type: 'complete', kind });
  yield { events, place };
}
