import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '#schema/errors.js';
import { presentationFingerprint } from '#schema/fingerprint.js';
import { derivedAttributes } from '../../inventory/derived.js';
import type { View } from '../../inventory/view.js';
import type { Caller, Gate } from '../../operations/gate.js';
import type { Answer, RowAnswer, RowsAnswer } from '../../operations/operation.js';
import { apiVersions } from './api-versions.js';
import { answers, heldAnswer, keep, shownAs, shows, type HeldAnswer, type Shown } from './answers.js';
import { bodyOf, etagOf } from './body.js';
import { acceptsJson, negotiateVersion } from './headers.js';
import { refusals } from './refuse.js';
import type { RestRequest } from './request.js';
import type { Route } from './routes.js';
import { sending } from './send.js';
import { placeOf, urlMemory, type Known } from './url-memory.js';
import { restWrites } from './write.js';

export interface RestParts {
  readonly gate: Gate;
  readonly view: View;
  readonly routes: readonly Route[];
  /** Largest request body. */
  readonly bodyBytes: number;
  /** Base of every absolute URI: `https://host`. */
  readonly publicUrl: string;
  readonly relativeVersions: boolean;
  /** Demands what O2 says a consumer shall send, and refuses what it does not know. */
  readonly strict: boolean;
  readonly cacheBytes: number;
  /** Objects of a page. */
  readonly pageSize: number;
  /** A page ends before it grows beyond this, unless one object alone does. */
  readonly pageBytes: number;
  /** A fault of the facade itself: shown to the operator, withheld from the caller. */
  unforeseen(error: unknown, caller: Caller): void;
}

/** Answers a request if its path belongs to an O2 API; false when it does not. */
export type ServeRest = (request: IncomingMessage, response: ServerResponse, caller: Caller) => boolean;

/** The O2 REST API: URL → operation → bytes. A repeated URL is neither parsed nor presented again, only checked by the gate. */
export function serveRest(parts: RestParts): ServeRest {
  const urls = urlMemory(parts);
  const held = answers(parts.cacheBytes);
  const send = sending();
  const refuse = refusals(parts.routes);
  const presentation = presentationOf(parts);

  const fail = failing(parts, refuse);
  const write = restWrites(parts, refuse, fail);
  const answer = (
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
    asked: RestRequest,
    known: Known,
  ): void => {
    const { api, major } = asked.route;
    const version = negotiateVersion(api, major, request.headers['version'], parts.strict);
    if (version === undefined) return refuse.notServed(request, response, api.majors[major]!.versions);
    const place = placeOf(known.places, caller.principal.scope.key, version);
    const before = held.get(place);
    const outcome = parts.gate.call(caller, asked.route.operation, asked.input, before?.stamp);
    // What is unchanged is true up to now.
    if (!(outcome instanceof Promise))
      return send(request, response, before!, { gaps: outcome.gaps, position: parts.view.position() });
    // Only now: what the gate refuses costs no memory.
    const again = urls.remember(request.url!, known);
    present(parts, { caller, asked, before: before?.shown }, outcome)
      .then((presented) => {
        const made = hold(parts, presentation, caller, asked, version, presented);
        if (again) keep(held, place, made);
        send(request, response, made, presented.answer);
      })
      .catch((error: unknown) => fail(request, response, caller, error));
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
      else if (!acceptsJson(request.headers.accept)) refuse.notJson(request, response);
      else if (found.kind === 'versions') apiVersions(request, response, found, parts, refuse);
      else answer(request, response, caller, found.request, known);
    } catch (error) {
      fail(request, response, caller, error);
    }
    return true;
  };
}

function failing({ unforeseen }: RestParts, refuse: ReturnType<typeof refusals>) {
  return (request: IncomingMessage, response: ServerResponse, caller: Caller, error: unknown): void => {
    if (!(error instanceof Fault)) unforeseen(error, caller);
    refuse.fault(request, response, error);
  };
}

interface Presented {
  readonly answer: RowsAnswer | RowAnswer;
  readonly shown: Shown;
}

interface Presenting {
  readonly caller: Caller;
  readonly asked: RestRequest;
  /** What was shown when the same was asked last. */
  readonly before: Shown | undefined;
}

/**
 * What an answer shows; a page that is too long for `pageBytes` is asked for again with fewer objects. One that is asked for by
 * its number is not: where it begins depends on how many objects a page has.
 */
async function present(parts: RestParts, presenting: Presenting, outcome: Promise<Answer>): Promise<Presented> {
  const { caller, asked, before } = presenting;
  const answer = (await outcome) as RowsAnswer | RowAnswer;
  // Most changes of a list are beyond a page of it: 32 kB joined and copied anew for each let V8 look through its heap.
  if (before && answer.kind === 'rows' && shows(before, answer.runs)) return { answer, shown: before };
  const body = bodyOf(parts.view, caller.principal.scope, asked, answer);
  const shown = shownAs(body, answer.kind === 'rows' && ofItsRows(asked) ? answer.runs : undefined);
  const bounded = answer.kind === 'row' || asked.input['page'] !== undefined;
  if (bounded || body.length <= parts.pageBytes) return { answer, shown };
  const objects = answer.runs.reduce((sum, run) => sum + run.to - run.from, 0);
  if (objects <= 1) return { answer, shown };
  const first = Math.max(1, Math.floor((objects * parts.pageBytes) / body.length));
  const fewer = parts.gate.call(caller, asked.route.operation, { ...asked.input, first: Math.min(first, objects - 1) });
  return present(parts, presenting, fewer as Promise<Answer>);
}

/** Whether what is shown depends on the rows alone, and not on others that point to them. */
function ofItsRows({ route }: RestRequest): boolean {
  return derivedAttributes(route.definition).length === 0;
}

/** All that decides the bytes of an answer beside the state and the request. */
function presentationOf({ routes, publicUrl, pageSize, pageBytes }: RestParts): string {
  const presenters = [...new Set(routes.map((route) => route.presenter))];
  const versions = [...new Set(routes.flatMap(({ api, major }) => api.majors[major]!.versions))];
  return presentationFingerprint(presenters, publicUrl, pageSize, pageBytes, ...versions);
}

function hold(
  { publicUrl }: RestParts,
  presentation: string,
  caller: Caller,
  asked: RestRequest,
  version: string,
  { answer: fresh, shown }: Presented,
): HeldAnswer {
  const { base, input } = asked;
  const marker = input['after'] ?? input['page'];
  const etag = etagOf(fresh.stamp, { presentation, base, marker, scope: caller.principal.scope });
  const headers: Record<string, string> = {
    'Content-Type': 'application/json',
    Vary: 'Accept-Encoding, Authorization, Origin, Version',
  };
  if (asked.route.api.versioned) headers['Version'] = version;
  if (fresh.kind === 'rows' && fresh.next !== undefined)
    headers['Link'] = `<${nextLink(publicUrl, base, fresh.next)}>; rel="next"`;
  return heldAnswer(fresh.stamp, etag, headers, shown);
}

function nextLink(publicUrl: string, base: string, marker: string): string {
  return `${publicUrl}${base}${base.includes('?') ? '&' : '?'}nextpage_opaque_marker=${marker}`;
}
