import type { IncomingMessage, ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { Major } from '#schema/apis.js';
import { Fault, internal } from '#schema/errors.js';
import type { Gap } from '#subscriptions/coverage.js';
import type { View } from '../../inventory/view.js';
import type { Caller, Gate } from '../../operations/gate.js';
import type { RowAnswer, RowsAnswer } from '../../operations/operation.js';
import { gapHeaders } from '../answer-headers.js';
import { apiVersions } from './api-versions.js';
import { answers, bodyToSend, compressedBody, type HeldAnswer } from './answers.js';
import { bodyOf, etagOf, type Body } from './body.js';
import { acceptsGzip, acceptsJson, matchesEtag, negotiateVersion } from './headers.js';
import { problemOf, sendProblem, type Problem } from './problem.js';
import { noteBytes, requestIdHeader, requestIdOf } from '../request-id.js';
import { apiOf, readTarget, type RestRequest, type Target } from './request.js';
import type { Route } from './routes.js';

export interface RestParts {
  readonly gate: Gate;
  readonly view: View;
  readonly routes: readonly Route[];
  /** Base of every absolute URI: `https://host`. */
  readonly publicUrl: string;
  readonly relativeVersions: boolean;
  /** Demands what O2 says a consumer shall send, and refuses what it does not know. */
  readonly strict: boolean;
  readonly cacheBytes: number;
  /** A fault of the facade itself: shown to the operator, withheld from the caller. */
  unforeseen(error: unknown, caller: Caller): void;
}

/** Answers a request if its path belongs to an O2 API; false when it does not. */
export type ServeRest = (request: IncomingMessage, response: ServerResponse, caller: Caller) => boolean;

const remembered = 20_000;

/** Parts of an operation's input that have another name in a URL of O2. */
const parameters: Readonly<Record<string, string>> = {
  after: 'nextpage_opaque_marker',
  page: 'nextpage_opaque_marker',
};

/** The O2 REST API: URL → operation → bytes. A repeated URL is neither parsed nor presented again, only checked by the gate. */
export function serveRest(parts: RestParts): ServeRest {
  const targets = new LRUCache<string, Target>({ max: remembered });
  const held = answers(parts.cacheBytes);

  const target = (url: string): Target | undefined => {
    const known = targets.get(url);
    if (known) return known;
    const at = apiOf(url);
    if (!at) return undefined;
    const read = readTarget(parts.routes, at, url, parts.strict);
    targets.set(url, read);
    return read;
  };

  const answer = (request: IncomingMessage, response: ServerResponse, caller: Caller, asked: RestRequest): void => {
    const version = negotiateVersion(asked.route.api, asked.route.major, request.headers['version'], parts.strict);
    if (version === undefined)
      return notAcceptable(
        request,
        response,
        `Version ${String(request.headers['version'])} is not served; served: ${asked.route.api.majors[asked.route.major]!.versions.join(', ')}.`,
      );
    const key = `${caller.principal.scope.key} ${version} ${request.url!}`;
    const before = held.get(key);
    const outcome = parts.gate.call(caller, asked.route.operation, asked.input, before?.stamp);
    if (!(outcome instanceof Promise)) return send(request, response, before!, outcome.gaps);
    outcome.then(
      (fresh) => {
        const made = hold(parts, caller, asked, version, fresh as RowsAnswer | RowAnswer);
        held.set(key, made);
        send(request, response, made, fresh.gaps);
      },
      (error: unknown) => fail(parts, request, response, caller, error),
    );
  };

  return (request, response, caller) => {
    const url = request.url!;
    if (!/^\/o2/i.test(url)) return false;
    try {
      const found = target(url);
      if (!found) return false;
      if (!methodAllowed(request, response)) return true;
      if (!acceptsJson(request.headers.accept))
        notAcceptable(request, response, `Only application/json is served, not ${request.headers.accept}.`);
      else if (found.kind === 'versions') apiVersions(response, found, parts, request.method === 'HEAD');
      else answer(request, response, caller, found.request);
    } catch (error) {
      fail(parts, request, response, caller, error);
    }
    return true;
  };
}

/** O2 paths of the inventory are read only. */
function methodAllowed(request: IncomingMessage, response: ServerResponse): boolean {
  const { method } = request;
  if (method === 'GET' || method === 'HEAD') return true;
  const headers = { Allow: 'GET, HEAD, OPTIONS' };
  if (method === 'OPTIONS') response.writeHead(204, headers).end();
  else
    refuse(request, response, {
      status: 405,
      detail: `${method} is not defined here; allowed: ${headers.Allow}.`,
      headers,
    });
  return false;
}

function notAcceptable(request: IncomingMessage, response: ServerResponse, detail: string): void {
  refuse(request, response, { status: 406, detail });
}

function fail(
  parts: RestParts,
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
  error: unknown,
): void {
  if (!(error instanceof Fault)) parts.unforeseen(error, caller);
  const fault = error instanceof Fault ? error : internal(error);
  const at = majorOf(request);
  const problem = problemOf(fault, at?.statuses);
  const parameter = parameters[fault.detail.at ?? ''];
  refuse(
    request,
    response,
    parameter === undefined ? problem : { ...problem, members: { ...problem.members, at: parameter } },
  );
}

/** Problems carry the `Version` too (contract 3.3). */
function refuse(request: IncomingMessage, response: ServerResponse, problem: Problem): void {
  const version = majorOf(request)?.versions[0];
  const headers = { ...problem.headers, ...(version === undefined ? {} : { Version: version }) };
  sendProblem(response, { ...problem, headers }, request.method !== 'HEAD');
}

function majorOf({ url }: IncomingMessage): Major | undefined {
  const at = apiOf(url!);
  return at?.api.versioned ? at.api.majors[at.segments[0] ?? ''] : undefined;
}

function hold(
  parts: RestParts,
  caller: Caller,
  asked: RestRequest,
  version: string,
  fresh: RowsAnswer | RowAnswer,
): HeldAnswer {
  const { scope } = caller.principal;
  const body = bodyOf(parts.view, scope, asked, fresh);
  const etag = etagOf(fresh.stamp, asked.base, asked.input['after'] ?? asked.input['page'], scope);
  const headers = ['Content-Type', 'application/json', 'ETag', etag, 'Vary', 'Accept-Encoding, Authorization'];
  if (asked.route.api.versioned) headers.push('Version', version);
  if (fresh.kind === 'rows' && fresh.next !== undefined)
    headers.push('Link', `<${nextLink(parts.publicUrl, asked.base, fresh.next)}>; rel="next"`);
  return { stamp: fresh.stamp, etag, headers, body, used: 0 };
}

function nextLink(publicUrl: string, base: string, marker: string): string {
  return `${publicUrl}${base}${base.includes('?') ? '&' : '?'}nextpage_opaque_marker=${marker}`;
}

function send(request: IncomingMessage, response: ServerResponse, held: HeldAnswer, gaps: readonly Gap[]): void {
  const headers = gaps.length === 0 ? held.headers : [...held.headers, ...Object.entries(gapHeaders(gaps)).flat()];
  if (matchesEtag(request.headers['if-none-match'], held.etag)) {
    response.writeHead(304, [...headers, requestIdHeader, requestIdOf(response)]).end();
    return;
  }
  const gzipped = acceptsGzip(request.headers['accept-encoding']) ? compressedBody(held) : undefined;
  if (gzipped instanceof Promise)
    gzipped.then(
      (body) => write(request, response, headers, body, true),
      () => write(request, response, headers, held.body, false),
    );
  else if (gzipped) write(request, response, headers, gzipped, true);
  else write(request, response, headers, bodyToSend(held), false);
}

function write(
  request: IncomingMessage,
  response: ServerResponse,
  headers: readonly string[],
  body: Body,
  gzipped: boolean,
): void {
  noteBytes(response, body.length);
  const own = ['Content-Length', String(body.length), requestIdHeader, requestIdOf(response)];
  response.writeHead(200, [...headers, ...own, ...(gzipped ? ['Content-Encoding', 'gzip'] : [])]);
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const [first, ...rest] = body.chunks;
  if (first === '' && rest.length === 1) {
    response.end(rest[0]);
    return;
  }
  response.cork();
  if (first !== '') response.write(first, 'latin1');
  for (const chunk of rest) response.write(chunk);
  response.end();
  response.uncork();
}
