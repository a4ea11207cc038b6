import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import type { Kind } from './api.js';
import type { Estate } from './estate.js';
import type { Renderer } from './render.js';

const ndjson = { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' };
/** Characters written at once. */
const chunkSize = 64 * 1024;
/** Changes of one write to a watcher. */
const burst = 256;

/** Streams every object of a kind, a line each: as fast as the client reads, and other requests get their turns. */
export async function streamList(
  estate: Estate,
  renderer: Renderer,
  kind: Kind,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, ndjson);
  await pipeline(chunksOf(estate, renderer, kind), response);
}

async function* chunksOf(estate: Estate, renderer: Renderer, kind: Kind): AsyncGenerator<string> {
  let chunk = '';
  for (const state of estate.all(kind)) {
    chunk += `${JSON.stringify(renderer.document(kind, state))}\n`;
    if (chunk.length < chunkSize) continue;
    yield chunk;
    await nextTurn();
    chunk = '';
  }
  yield chunk;
}

interface WatchOptions {
  /** Sequence after which to begin. */
  readonly since: number;
  /** Milliseconds between signs of life. */
  readonly heartbeat: number;
  /** While true nothing is sent. */
  readonly hung: () => boolean;
}

/**
 * Streams changes as they happen. A watcher that reads too slowly costs no memory: it is told the rest from the history, and
 * when that no longer reaches back to it, the stream ends and its next request is answered 410.
 */
export function streamChanges(
  estate: Estate,
  renderer: Renderer,
  response: ServerResponse,
  options: WatchOptions,
): void {
  let position = options.since;
  let scheduled = false;
  let full = false;

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(pump);
  };
  const pump = (): void => {
    scheduled = false;
    if (full || response.destroyed || options.hung()) return;
    const changes = estate.after(position, burst);
    if (!changes) return void response.end();
    if (changes.length === 0) return;
    position = changes.at(-1)!.sequence;
    full = !response.write(changes.map((change) => `${JSON.stringify(renderer.change(change))}\n`).join(''));
    if (!full) schedule();
  };

  response.writeHead(200, ndjson);
  response.flushHeaders();
  response.on('drain', () => {
    full = false;
    schedule();
  });
  const forget = estate.onChange(schedule);
  const beat = setInterval(() => {
    if (!full && !options.hung()) response.write(`{"type":"beat","sequence":${position}}\n`);
  }, options.heartbeat);
  response.once('close', () => {
    forget();
    clearInterval(beat);
  });
  schedule();
}
