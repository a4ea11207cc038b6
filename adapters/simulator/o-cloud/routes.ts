import type { IncomingMessage, ServerResponse } from 'node:http';
import { kinds, type About, type Kind, type WriteAnswer } from './api.js';
import { createEquipment, deleteEquipment, patchEquipment } from './equipment-writes.js';
import { createPool, deletePool, patchPool, resizePool } from './pool-writes.js';
import { found, Refusal } from './refusal.js';
import { streamChanges, streamList } from './streams.js';
import type { Change, Estate } from './estate.js';
import type { Renderer } from './render.js';

/** What the routes serve. */
export interface Served {
  readonly seed: number;
  readonly estate: Estate;
  readonly renderer: Renderer;
  readonly heartbeat: number;
  readonly hung: () => boolean;
  /** Makes changes durable. */
  commit(changes: readonly Change[]): Promise<void>;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** The variable part of the path; empty where there is none. */
  readonly id: string;
}

export interface Route {
  /** `GET /v1/pools/{id}`: also the name in the statistics. */
  readonly name: string;
  readonly method: string;
  readonly path: RegExp;
  run(exchange: Exchange): Promise<void> | void;
}

const bodyLimit = 1024 * 1024;

export function routesOf(served: Served): Route[] {
  return [
    route('GET /v1/about', ({ response }) => answer(response, 200, aboutOf(served.estate))),
    route('GET /v1/watch', ({ response, query }) => watch(served, response, query.get('since'))),
    ...readRoutes(served),
    ...writeRoutes(served),
  ];
}

function readRoutes({ estate, renderer }: Served): Route[] {
  return kinds.flatMap((kind) => [
    route(`GET /v1/${kind}`, ({ response }) => streamList(estate, renderer, kind, response)),
    route(`GET /v1/${kind}/{id}`, ({ response, id }) =>
      answer(response, 200, renderer.document(kind, found(estate.get(kind, id), kind, id))),
    ),
  ]);
}

function writeRoutes({ seed, estate, renderer, commit }: Served): Route[] {
  const write = (name: string, make: (id: string, body: unknown) => Change[]): Route =>
    route(name, async ({ request, response, id }) => {
      const changes = make(id, await bodyOf(request));
      await commit(changes);
      const told = changes.map((change) => renderer.change(change));
      answer(response, id === '' ? 201 : 200, { id: id || changes[0]!.id, changes: told } satisfies WriteAnswer);
    });
  return [
    write('POST /v1/pools', (_, body) => createPool(estate, body)),
    write('PATCH /v1/pools/{id}', (id, body) => patchPool(estate, id, body)),
    write('DELETE /v1/pools/{id}', (id) => deletePool(estate, id)),
    write('POST /v1/pools/{id}/resize', (id, body) => resizePool(estate, seed, id, body)),
    write('POST /v1/equipment', (_, body) => createEquipment(estate, seed, body)),
    write('PATCH /v1/equipment/{id}', (id, body) => patchEquipment(estate, id, body)),
    write('DELETE /v1/equipment/{id}', (id) => deleteEquipment(estate, id)),
  ];
}

function route(name: string, run: Route['run']): Route {
  const [method, path] = name.split(' ') as [string, string];
  return { name, method, path: new RegExp(`^${path.replace('{id}', '([^/]+)')}$`), run };
}

export function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function aboutOf(estate: Estate): About {
  const objects = Object.fromEntries(kinds.map((kind) => [kind, estate.count(kind)])) as Record<Kind, number>;
  return { product: 'O-Cloud simulator', apiVersion: '1', sequence: estate.sequence, objects };
}

function watch({ estate, renderer, heartbeat, hung }: Served, response: ServerResponse, text: string | null): void {
  const since = text === null ? estate.sequence : Number(text);
  if (!Number.isSafeInteger(since)) throw new Refusal(400, 'malformed', `'since' is a sequence number, not '${text}'.`);
  if (!estate.after(since, 0))
    throw new Refusal(410, 'gone', `Changes after ${since} are no longer known: list again.`);
  streamChanges(estate, renderer, response, { since, heartbeat, hung });
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyLimit) throw new Refusal(413, 'too-large', `A body has at most ${bodyLimit} bytes.`);
    parts.push(chunk);
  }
  if (length === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(parts).toString());
  } catch {
    throw new Refusal(400, 'malformed', 'The body is not JSON.');
  }
}
