import { Fault } from '#schema/errors.js';
import type { Cursor, NativeBatch, NativeEvent } from '../contract.js';
import { HttpFault, type HttpClient } from '../kit/http-client.js';
import { kinds, type About, type ChangeLine, type Kind, type WatchLine } from './o-cloud/api.js';

/** Objects of a list that travel in one batch. */
const batchSize = 500;

/** One full read of every kind. A kind that is refused (403) is stale, the others go on. Returns the refused ones. */
export async function* listAll(client: HttpClient, signal: AbortSignal): AsyncGenerator<NativeBatch, readonly Kind[]> {
  const refused: Kind[] = [];
  for (const kind of kinds) if (!(yield* listKind(client, signal, kind))) refused.push(kind);
  return refused;
}

/**
 * Follows the O-Cloud from a cursor on, beginning with `current`. Without one, or when the O-Cloud no longer knows it (410),
 * lists everything and goes on from where the list began. Returns when the signal aborts.
 */
export async function* watchAll(
  client: HttpClient,
  signal: AbortSignal,
  cursor: Cursor | undefined,
): AsyncGenerator<NativeBatch> {
  try {
    const lines = await openWatch(client, signal, cursor?.['changes']);
    if (lines) {
      yield { events: resumed(cursor!) };
      return yield* follow(lines, cursor!);
    }
    const since = await newestChange(client, signal);
    const refused = yield* listAll(client, signal);
    const place = { changes: since, ...(refused.length === 0 ? {} : { refused: refused.join() }) };
    yield { events: [], cursor: place };
    const caughtUp = await openWatch(client, signal, since);
    if (!caughtUp) throw new Fault('BACKEND_FAILED', 'The O-Cloud changes faster than it can be listed.');
    yield* follow(caughtUp, place);
  } catch (cause) {
    if (!signal.aborted) throw cause;
  }
}

/** What goes on where it was: all but the kinds that the list before was refused. */
function resumed({ refused = '' }: Cursor): NativeEvent[] {
  const stale = new Set(refused.split(','));
  return kinds.filter((kind) => !stale.has(kind)).map((kind) => ({ type: 'current', kind }));
}

/** Returns false for a kind that was refused. */
async function* listKind(client: HttpClient, signal: AbortSignal, kind: Kind): AsyncGenerator<NativeBatch, boolean> {
  let lines: AsyncIterable<readonly unknown[]>;
  try {
    lines = await client.lines(`/v1/${kind}`, { signal });
  } catch (cause) {
    if (!(cause instanceof HttpFault && cause.status === 403)) throw cause;
    yield { events: [{ type: 'stale', kind, reason: 'The O-Cloud refuses to list them (403).' }] };
    return false;
  }
  let events: NativeEvent[] = [{ type: 'begin', kind }];
  for await (const chunk of lines) {
    for (const object of chunk) events.push(upsert(kind, object));
    if (events.length < batchSize) continue;
    yield { events };
    events = [];
  }
  yield { events: [...events, { type: 'complete', kind }] };
  return true;
}

async function newestChange(client: HttpClient, signal: AbortSignal): Promise<string> {
  const about = (await client.call('GET', '/v1/about', { signal })).body as Partial<About> | undefined;
  if (typeof about?.sequence !== 'number') throw malformed('a description of itself', about);
  return String(about.sequence);
}

/** Undefined where there is nothing to go on from. */
async function openWatch(
  client: HttpClient,
  signal: AbortSignal,
  since: string | undefined,
): Promise<AsyncIterable<readonly unknown[]> | undefined> {
  if (since === undefined) return undefined;
  try {
    return await client.lines(`/v1/watch?since=${encodeURIComponent(since)}`, { signal });
  } catch (cause) {
    if (cause instanceof HttpFault && cause.status === 410) return undefined;
    throw cause;
  }
}

async function* follow(lines: AsyncIterable<readonly unknown[]>, place: Cursor): AsyncGenerator<NativeBatch> {
  for await (const chunk of lines) {
    const changes = (chunk as readonly WatchLine[]).filter((line) => line?.type !== 'beat');
    if (changes.length === 0) continue;
    yield { events: eventsOf(changes), cursor: { ...place, changes: String(changes.at(-1)!.sequence) } };
  }
  throw new Fault('BACKEND_UNAVAILABLE', 'The O-Cloud ended the watch.');
}

/** Changes in the gateway's terms: those of a watch and those that a write answered. */
export function eventsOf(changes: readonly ChangeLine[]): NativeEvent[] {
  return changes.map((change) => {
    if (change?.type === 'put') return upsert(change.kind, change.object);
    if (change?.type !== 'drop') throw malformed('a change', change);
    return { type: 'delete', kind: change.kind, identity: change.id, version: String(change.sequence) };
  });
}

function upsert(kind: Kind, object: unknown): NativeEvent {
  const { id, version } = (object ?? {}) as { readonly id?: unknown; readonly version?: unknown };
  if (typeof id !== 'string' || typeof version !== 'number') throw malformed(`one of ${kind}`, object);
  return { type: 'upsert', kind, identity: id, native: object, version: String(version) };
}

function malformed(what: string, line: unknown): Fault {
  return new Fault(
    'BACKEND_FAILED',
    `The O-Cloud sent what is not ${what}: ${(JSON.stringify(line) ?? 'nothing').slice(0, 80)}.`,
  );
}
