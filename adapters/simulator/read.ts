import { Fault } from '#schema/errors.js';
import type { Cursor, NativeBatch, NativeEvent } from '../contract.js';
import { HttpFault, type HttpClient } from '../kit/http-client.js';
import { kinds, type About, type ChangeLine, type Kind, type WatchLine } from './o-cloud/api.js';

/** Objects of a list that travel in one batch. */
const batchSize = 500;

/** One full read of every kind. A kind that is refused (403) is stale, the others go on. */
export async function* listAll(client: HttpClient, signal: AbortSignal): AsyncGenerator<NativeBatch> {
  for (const kind of kinds) yield* listKind(client, signal, kind);
}

/**
 * Follows the O-Cloud from a cursor on. Without one, or when the O-Cloud no longer knows it (410), lists everything and goes
 * on from where the list began. Returns when the signal aborts.
 */
export async function* watchAll(
  client: HttpClient,
  signal: AbortSignal,
  cursor: Cursor | undefined,
): AsyncGenerator<NativeBatch> {
  try {
    const lines = await openWatch(client, signal, cursor?.['changes']);
    if (lines) return yield* follow(lines);
    const since = await newestChange(client, signal);
    yield* listAll(client, signal);
    yield { events: [], cursor: { changes: since } };
    const caughtUp = await openWatch(client, signal, since);
    if (!caughtUp) throw new Fault('BACKEND_FAILED', 'The O-Cloud changes faster than it can be listed.');
    yield* follow(caughtUp);
  } catch (cause) {
    if (!signal.aborted) throw cause;
  }
}

async function* listKind(client: HttpClient, signal: AbortSignal, kind: Kind): AsyncGenerator<NativeBatch> {
  let lines: AsyncIterable<readonly unknown[]>;
  try {
    lines = await client.lines(`/v1/${kind}`, { signal });
  } catch (cause) {
    if (!(cause instanceof HttpFault && cause.status === 403)) throw cause;
    yield { events: [{ type: 'stale', kind, reason: 'The O-Cloud refuses to list them (403).' }] };
    return;
  }
  let events: NativeEvent[] = [{ type: 'begin', kind }];
  for await (const chunk of lines) {
    for (const object of chunk) events.push(upsert(kind, object));
    if (events.length < batchSize) continue;
    yield { events };
    events = [];
  }
  yield { events: [...events, { type: 'complete', kind }] };
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

async function* follow(lines: AsyncIterable<readonly unknown[]>): AsyncGenerator<NativeBatch> {
  for await (const chunk of lines) {
    const changes = (chunk as readonly WatchLine[]).filter((line) => line?.type !== 'beat');
    if (changes.length === 0) continue;
    yield { events: eventsOf(changes), cursor: { changes: String(changes.at(-1)!.sequence) } };
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
