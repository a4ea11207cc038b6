import type { IncomingMessage, ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import { Fault } from '#schema/errors.js';
import type { View } from '../../inventory/view.js';
import type { Caller, Gate } from '../../operations/gate.js';
import type { Operation, RowAnswer, RowsAnswer } from '../../operations/operation.js';
import { apiVersions } from './api-versions.js';
import { answers, heldAnswer, keep, type HeldAnswer, type Place } from './answers.js';
import { bodyOf, etagOf, type Body } from './body.js';
import { acceptsJson, negotiateVersion } from './headers.js';
import { refusals } from './refuse.js';
import { apiOf, readTarget, type RestRequest, type Target } from './request.js';
import type { Route } from './routes.js';
import { send } from './send.js';
import { restWrites } from './write.js';

export interface RestParts {
  readonly gate: Gate;
  readonly view: View;
  readonly routes: readonly Route[];
  readonly operations: readonly Operation[];
  /** Largest request body. */
  readonly bodyBytes: number;
  /** Base of every absolute URI: `https://host`. */
  readonly publicUrl: string;
  readonly relativeVersions: boolean;
  /** Demands what O2 says a consumer shall send, and refuses what it does not know. */
  readonly strict: boolean;
  readonly cacheBytes: number;
  /** A page ends before it grows beyond this, unless one object alone does. */
  readonly pageBytes: number;
  /** A fault of the facade itself: shown to the operator, withheld from the caller. */
  unforeseen(error: unknown, caller: Caller): void;
}

/** Answers a request if its path belongs to an O2 API; false when it does not. */
export type ServeRest = (request: IncomingMessage, response: ServerResponse, caller: Caller) => boolean;

// Of memory for URLs that were read. A parsed URL takes up to 40 times its length; a long one is read anew every time.
const rememberedBytes = 32 * 1024 * 1024;
const longestRemembered = 1024;
const perCharacter = 40;

/** The O2 REST API: URL → operation → bytes. A repeated URL is neither parsed nor presented again, only checked by the gate. */
export function serveRest(parts: RestParts): ServeRest {
  const urls = urlMemory(parts);
  const held = answers(parts.cacheBytes);
  const refuse = refusals(parts.routes);
  const writes = restWrites(parts);

  const fail = (request: IncomingMessage, response: ServerResponse, caller: Caller, error: unknown): void => {
    if (!(error instanceof Fault)) parts.unforeseen(error, caller);
    refuse.fault(request, response, error);
  };
  const answer = (
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
    asked: RestRequest,
    known: Known,
  ): void => {
    const version = negotiateVersion(asked.route.api, asked.route.major, request.headers['version'], parts.strict);
    if (version === undefined) return refuse.notAcceptable(request, response, notServed(request, asked.route));
    const place = placeOf(known.places, caller.principal.scope.key, version);
    const before = held.get(place);
    const outcome = parts.gate.call(caller, asked.route.operation, asked.input, before?.stamp);
    if (!(outcome instanceof Promise)) return send(request, response, before!, outcome.gaps);
    // Only now: what the gate refuses costs no memory.
    urls.remember(request.url!, known);
    present(parts, caller, asked, outcome as Promise<RowsAnswer | RowAnswer>).then(
      ({ answer: fresh, body }) => {
        const made = hold(parts, caller, asked, version, fresh, body);
        keep(held, place, made);
        send(request, response, made, fresh.gaps);
      },
      (error: unknown) => fail(request, response, caller, error),
    );
  };

  const write = (request: IncomingMessage, response: ServerResponse, caller: Caller, found: Target): void => {
    const asked = found.kind === 'request' ? found.request : undefined;
    const methods = asked ? writes.methods(asked.route) : [];
    if (!asked || !methods.includes(request.method!)) return refuse.method(request, response, methods);
    if (request.method === 'POST' && !/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? ''))
      return refuse.mediaType(request, response);
    if (!acceptsJson(request.headers.accept)) return refuse.notAcceptable(request, response, onlyJson(request));
    const { api, major } = asked.route;
    if (negotiateVersion(api, major, request.headers['version'], parts.strict) === undefined)
      return refuse.notAcceptable(request, response, notServed(request, asked.route));
    writes.serve(request, response, caller, asked).catch((error: unknown) => fail(request, response, caller, error));
  };

  return (request, response, caller) => {
    const url = request.url!;
    if (!/^\/o2/i.test(url)) return false;
    try {
      const reading = request.method === 'GET' || request.method === 'HEAD';
      // What may not be done with a path does not depend on its query.
      const known = urls.read(reading ? url : url.split('?')[0]!);
      if (!known) return false;
      const found = known.target;
      if (!reading) write(request, response, caller, found);
      else if (!acceptsJson(request.headers.accept)) refuse.notAcceptable(request, response, onlyJson(request));
      else if (found.kind === 'versions') apiVersions(response, found, parts, request.method === 'HEAD');
      else answer(request, response, caller, found.request, known);
    } catch (error) {
      fail(request, response, caller, error);
    }
    return true;
  };
}

/** Where the answers of one URL are kept: by scope, then by version. */
type Places = Map<string, Map<string, Place>>;

interface Known {
  readonly target: Target;
  readonly places: Places;
}

interface UrlMemory {
  /** Reads a URL; undefined when it belongs to no API. */
  read(url: string): Known | undefined;
  remember(url: string, known: Known): void;
}

function urlMemory({ routes, strict }: RestParts): UrlMemory {
  const all = new LRUCache<string, Known>({
    maxSize: rememberedBytes,
    sizeCalculation: (_known, url) => url.length * perCharacter + 1024,
  });
  return {
    read(url) {
      const hit = all.get(url);
      if (hit) return hit;
      const at = apiOf(url);
      return at && { target: readTarget(routes, at, url, strict), places: new Map() };
    },
    remember(url, known) {
      if (url.length <= longestRemembered && !all.has(url)) all.set(url, known);
    },
  };
}

/** By texts that live on, whose hashes are known: one text of scope, version and URL would be hashed anew every time. */
function placeOf(places: Places, scope: string, version: string): Place {
  let ofScope = places.get(scope);
  if (!ofScope) places.set(scope, (ofScope = new Map()));
  let place = ofScope.get(version);
  if (!place) ofScope.set(version, (place = { asked: false }));
  return place;
}

function onlyJson({ headers }: IncomingMessage): string {
  return `Only application/json is served, not ${headers.accept}.`;
}

function notServed({ headers }: IncomingMessage, { api, major }: Route): string {
  return `Version ${String(headers['version'])} is not served; served: ${api.majors[major]!.versions.join(', ')}.`;
}

/** The bytes of an answer; a page that is too long for `pageBytes` is asked for again with fewer objects. */
async function present(
  parts: RestParts,
  caller: Caller,
  asked: RestRequest,
  outcome: Promise<RowsAnswer | RowAnswer>,
): Promise<{ readonly answer: RowsAnswer | RowAnswer; readonly body: Body }> {
  const answer = await outcome;
  const body = bodyOf(parts.view, caller.principal.scope, asked, answer);
  if (answer.kind === 'row' || body.length <= parts.pageBytes) return { answer, body };
  const shown = answer.runs.reduce((sum, run) => sum + run.to - run.from, 0);
  if (shown <= 1) return { answer, body };
  const first = Math.max(1, Math.floor((shown * parts.pageBytes) / body.length));
  const fewer = parts.gate.call(caller, asked.route.operation, { ...asked.input, first: Math.min(first, shown - 1) });
  return present(parts, caller, asked, fewer as Promise<RowsAnswer>);
}

function hold(
  parts: RestParts,
  caller: Caller,
  asked: RestRequest,
  version: string,
  fresh: RowsAnswer | RowAnswer,
  body: Body,
): HeldAnswer {
  const { scope } = caller.principal;
  const etag = etagOf(fresh.stamp, asked.base, asked.input['after'] ?? asked.input['page'], scope);
  const headers = [
    'Content-Type',
    'application/json',
    'ETag',
    etag,
    'Vary',
    'Accept-Encoding, Authorization, Origin, Version',
  ];
  if (asked.route.api.versioned) headers.push('Version', version);
  if (fresh.kind === 'rows' && fresh.next !== undefined)
    headers.push('Link', `<${nextLink(parts.publicUrl, asked.base, fresh.next)}>; rel="next"`);
  return heldAnswer(fresh.stamp, etag, headers, body);
}

function nextLink(publicUrl: string, base: string, marker: string): string {
  return `${publicUrl}${base}${base.includes('?') ? '&' : '?'}nextpage_opaque_marker=${marker}`;
}
