import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '#schema/errors.js';
import { formatPosition } from '#schema/position.js';
import { parseSelector } from '#schema/selector.js';
import type { Caller, Gate } from '../../operations/gate.js';
import type { Operation, WrittenAnswer } from '../../operations/operation.js';
import { existingAt } from '../existing-at.js';
import { ofTheBody } from '../of-the-body.js';
import { noteBytes, requestIdHeader, requestIdOf } from '../request-id.js';
import { acceptsJson, negotiateVersion } from './headers.js';
import { jsonBody } from './json-body.js';
import type { Refusals } from './refuse.js';
import type { RestRequest, Target } from './request.js';
import type { RestWrite, Route } from './routes.js';

interface Parts {
  readonly gate: Gate;
  readonly publicUrl: string;
  readonly strict: boolean;
  readonly bodyBytes: number;
}

type Answer<More extends unknown[]> = (
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
  ...more: More
) => void;

/** The writes of O2 APIs: most paths are read only, subscriptions are not. */
export function restWrites(parts: Parts, refuse: Refusals, fail: Answer<[error: unknown]>): Answer<[found: Target]> {
  return (request, response, caller, found) => {
    const asked = found.kind === 'request' ? found.request : undefined;
    const write = asked?.route.write;
    if (write?.method !== request.method) return refuse.method(request, response, write ? [write.method] : []);
    const { headers } = request;
    if (write!.method === 'POST' && !/^application\/json *(;|$)/i.test(headers['content-type'] ?? ''))
      return refuse.mediaType(request, response);
    if (!acceptsJson(headers.accept)) return refuse.notJson(request, response);
    const { api, major } = asked!.route;
    const version = negotiateVersion(api, major, headers['version'], parts.strict);
    if (version === undefined) return refuse.notServed(request, response, api.majors[major]!.versions);
    perform(parts, write!, version, { request, response, caller, asked: asked! }).catch((error: unknown) =>
      fail(request, response, caller, error),
    );
  };
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly caller: Caller;
  readonly asked: RestRequest;
}

async function perform(
  { gate, publicUrl, bodyBytes }: Parts,
  { operation, method }: RestWrite,
  version: string,
  { request, response, caller, asked }: Asked,
): Promise<void> {
  const { route, prefix } = asked;
  const { api, major } = route;
  const input = method === 'POST' ? { value: await valueOf(request, route, bodyBytes) } : { id: asked.input['id'] };
  const place = (id: string) => `${publicUrl}/${prefix}/${major}${route.template}/${encodeURIComponent(id)}`;
  const written = await called(gate, caller, operation, input, place);
  const headers: Record<string, string> = {
    'X-Netweave-Position': formatPosition(written.position),
    ...(api.versioned ? { Version: version } : {}),
  };
  if (method === 'DELETE') return answer(response, api.majors[major]!.deleted ?? 204, headers);
  headers['Location'] = place(written.id);
  const selector = parseSelector({}, route.presenter, route.definition.model);
  answer(response, 201, headers, written.row && asked.presenter.text(written.row.value, selector));
}

/** The new object in the model's names. Its key is ours to give: a supplied one is ignored (O2-IMS TS). */
async function valueOf(request: IncomingMessage, { definition, presenter }: Route, limit: number): Promise<object> {
  const body = await jsonBody(request, limit);
  const named = Object.entries(body).map(([name, value]) => {
    const source = Object.hasOwn(presenter.attributes, name) ? presenter.attributes[name]! : name;
    return [typeof source === 'string' ? source : source.path, value] as const;
  });
  return { ...Object.fromEntries(named.filter(([name]) => name !== definition.key)), ...presenter.creates };
}

async function called(
  gate: Gate,
  caller: Caller,
  operation: Operation,
  input: unknown,
  place: (id: string) => string,
): Promise<WrittenAnswer> {
  try {
    return (await gate.call(caller, operation, input)) as WrittenAnswer;
  } catch (error) {
    throw error instanceof Fault ? existingAt(ofTheBody(error), place) : error;
  }
}

function answer(response: ServerResponse, status: number, headers: Record<string, string>, body?: string): void {
  const said = { ...headers, 'Cache-Control': 'no-store', [requestIdHeader]: requestIdOf(response) };
  if (body === undefined)
    return void response.writeHead(status, status === 200 ? { ...said, 'Content-Length': '0' } : said).end();
  const length = Buffer.byteLength(body);
  noteBytes(response, length);
  response
    .writeHead(status, { ...said, 'Content-Type': 'application/json', 'Content-Length': String(length) })
    .end(body);
}
