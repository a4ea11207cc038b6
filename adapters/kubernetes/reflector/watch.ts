import type { NativeEvent } from '../../contract.js';
import { ApiFault, type ApiStatus, HistoryWentBack } from './fault.js';
import { lineSplitter } from './lines.js';
import { portion, type Progress } from './progress.js';
import { sliced } from './slices.js';
import { type Identified, type KindSource, queryOf } from './source.js';
import type { Timing } from './timing.js';
import { newer } from './version.js';

interface Bookmark {
  readonly type: 'bookmark';
  readonly version: string;
  readonly endsList: boolean;
}

type Item = Bookmark | (NativeEvent & { readonly type: 'upsert' | 'delete'; readonly version: string });

/**
 * Watches from `from` on; without it the server first streams all there is, and the events are a full list up to its closing
 * bookmark. The first progress comes with the headers. Ends when the server ends the watch, throws what broke it.
 */
export async function* watchFrom(
  source: KindSource,
  from: string | undefined,
  signal: AbortSignal,
  timing: Timing,
): AsyncGenerator<Progress> {
  const { kind } = source;
  const watchFor = timing.watchFor * (1 + Math.random());
  const path = queryOf(source, {
    ...startOf(from),
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: `${Math.ceil(watchFor / 1000)}`,
  });
  const response = await source.request({ path, signal, answerWithin: timing.answerWithin });
  let listing = from === undefined;
  let bookmarked = false;
  let place = from;
  let events: NativeEvent[] = listing ? [{ type: 'begin', kind }] : [];
  if (!listing) yield { events, place };
  const silence = () => (listing ? timing.answerWithin : bookmarked ? timing.bookmarkSilence : watchFor + timing.grace);

  for await (const items of sliced(response, lineSplitter(), (line) => parse(line, source), silence)) {
    for (const item of items) {
      if (from !== undefined && newer(from, item.version)) {
        throw new HistoryWentBack(`The cluster is at ${item.version}, we were at ${from} already.`);
      }
      if (!listing) place = item.version;
      if (item.type !== 'bookmark') events.push(item);
      else if (!listing) bookmarked = true;
      else if (item.endsList) {
        listing = false;
        place = item.version;
        events.push({ type: 'complete', kind });
      }
    }
    if (listing && events.length < portion) continue;
    yield { events, place: listing ? undefined : place };
    events = [];
  }
  if (listing) throw new Error('The server ended the watch before the list was complete.');
}

function startOf(from: string | undefined): Record<string, string> {
  return from === undefined
    ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
    : { resourceVersion: from };
}

function parse(line: Buffer, source: KindSource): Item {
  const { type, object } = JSON.parse(line.toString()) as { type: string; object: Identified };
  if (type === 'ERROR') throw new ApiFault(object as ApiStatus);
  const { uid, resourceVersion: version } = object.metadata;
  if (type === 'BOOKMARK') return { type: 'bookmark', version, endsList: endsList(object) };
  if (type === 'DELETED') return { type: 'delete', kind: source.kind, identity: uid, version };
  return { type: 'upsert', kind: source.kind, identity: uid, native: source.slim(object), version };
}

function endsList(bookmark: Identified): boolean {
  const { annotations } = bookmark.metadata as { annotations?: Record<string, string> };
  return annotations?.['k8s.io/initial-events-end'] === 'true';
}
