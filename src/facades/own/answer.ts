import { Fault, internal } from '#schema/errors.js';
import type { Scope } from '#schema/scope.js';
import type { View } from '../../inventory/view.js';
import { stateOf } from '../../operations/expected-state.js';
import type { Answer } from '../../operations/operation.js';
import type { Caller } from '../../operations/gate.js';
import { problemDocument, problemOf } from '../rest/problem.js';
import { answerHeaders } from '../answer-headers.js';
import { existingAt } from '../existing-at.js';
import { ofTheBody } from '../of-the-body.js';
import type { FacadeParts } from '../trpc/facade.js';
import { outputOf } from '../trpc/outputs.js';
import { conditional } from './if-match.js';
import { operationInput, type Sent } from './input.js';
import { ownBase, type OwnRoute } from './routes.js';

export interface OwnParts extends FacadeParts {
  /** Base of every absolute URI: `https://host`. */
  readonly publicUrl: string;
}

/** One request on its way through the library. */
export interface OwnContext {
  readonly parts: OwnParts;
  readonly caller: Caller;
  /** Path and query below `ownBase`. */
  readonly url: string;
  readonly ifMatch: string | undefined;
  /** Status and headers of the answer, for the library to write; an empty list writes no header. */
  meta: { readonly status: number; readonly headers: Record<string, string | string[]> };
}

/** Asks the gate. A refusal is an answer too: the library could not write it as a problem (RFC 9457). */
export async function answerOf(context: OwnContext, route: OwnRoute, sent: Sent): Promise<unknown> {
  const { parts } = context;
  try {
    const caller = conditional(context.caller, context.ifMatch, route);
    const answer = (await parts.gate.call(caller, route.operation, operationInput(route, sent))) as Answer;
    const { scope } = caller.principal;
    const headers = {
      ...answerHeaders([answer]),
      ...tagOf(parts.view, scope, answer),
      ...linksOf(context, route, answer),
    };
    context.meta = { status: route.status, headers: { 'Cache-Control': 'no-store', ...headers } };
    if (route.status !== 204) return outputOf(parts.view, scope, answer);
    context.meta.headers['Content-Type'] = [];
    return undefined;
  } catch (error) {
    return refusal(context, route, error);
  }
}

function refusal(context: OwnContext, { operation }: OwnRoute, error: unknown): unknown {
  if (!(error instanceof Fault)) context.parts.unforeseen(error, context.caller);
  const urlOf = (id: string) =>
    `${context.parts.publicUrl}${ownBase}/${operation.object.collection}/${encodeURIComponent(id)}`;
  const problem = problemOf(error instanceof Fault ? existingAt(ofTheBody(error), urlOf) : internal(error));
  const headers = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', ...problem.headers };
  context.meta = { status: problem.status, headers };
  return problemDocument(problem);
}

/** What `If-Match` of a write may name. */
function tagOf(view: View, scope: Scope, answer: Answer): Record<string, string> {
  const row = answer.kind === 'row' || answer.kind === 'written' ? answer.row : undefined;
  return row ? { ETag: `"${stateOf(view, scope, row)}"` } : {};
}

function linksOf({ parts, url }: OwnContext, route: OwnRoute, answer: Answer): Record<string, string> {
  const base = `${parts.publicUrl}${ownBase}`;
  if (route.status === 201 && answer.kind === 'written')
    return { Location: `${base}${route.path}/${encodeURIComponent(answer.id)}` };
  if (answer.kind !== 'rows' || answer.next === undefined) return {};
  const [path, query] = url.split('?');
  const params = new URLSearchParams(query);
  params.delete('page');
  params.set('after', answer.next);
  return { Link: `<${base}${path}?${params}>; rel="next"` };
}
