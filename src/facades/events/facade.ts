import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault, internal } from '#schema/errors.js';
import { formatPosition } from '#schema/position.js';
import type { Stream } from '#subscriptions/live/stream.js';
import type { View } from '../../inventory/view.js';
import type { Caller, Gate } from '../../operations/gate.js';
import type { Watch } from '../../operations/watch.js';
import type { Connections } from '../live/connections.js';
import type { Join } from '../live/join-hub.js';
import type { Backlog } from '../live/outlet.js';
import { toldChange, toldGap } from '../live/told-change.js';
import { otherMethod } from '../methods.js';
import { requestIdHeader, requestIdOf } from '../request-id.js';
import { accepts } from '../rest/headers.js';
import { problemOf, sendProblem, type Problem } from '../rest/problem.js';
import { askedBy } from './asked.js';
import { EventStream } from './event-stream.js';

export interface EventsParts {
  readonly join: Join;
  readonly gate: Gate;
  readonly view: View;
  readonly connections: Connections;
  /** Of what a client has not taken yet, bytes. */
  readonly backlog: Backlog;
  unforeseen(error: unknown, caller: Caller): void;
}

const type = 'text/event-stream';
const path = /^\/events\/?(\?|$)/;

/** Changes as Server-Sent Events, at `/events`: for curl, and for EventSource in pages. False when the path is another. */
export function eventsFacade(
  parts: EventsParts,
): (request: IncomingMessage, response: ServerResponse, caller: Caller) => boolean {
  return (request, response, caller) => {
    if (!path.test(request.url!)) return false;
    if (otherMethod(request, response)) return true;
    const refused = refusalOf(request);
    if (refused) {
      sendProblem(response, refused);
      return true;
    }
    // One that was sent before the former answer ended has no connection yet whose backlog could be seen.
    if (response.socket) answer(parts, request, response, caller);
    else response.once('socket', () => answer(parts, request, response, caller));
    return true;
  };
}

function refusalOf({ headers: { accept } }: IncomingMessage): Problem | undefined {
  try {
    if (accepts(type, accept)) return undefined;
    return { status: 406, detail: `Only ${type} is served, not ${accept}.` };
  } catch (error) {
    return problemOf(error as Fault);
  }
}

function answer(parts: EventsParts, request: IncomingMessage, response: ServerResponse, caller: Caller): void {
  const { told, input } = askedBy(request);
  try {
    const watch = parts.gate.watch(caller, input);
    if (request.method === 'HEAD') head(response).end();
    else begin(parts, watch, new EventStream(request, response, caller.principal, parts.backlog), response);
  } catch (error) {
    if (!(error instanceof Fault)) parts.unforeseen(error, caller);
    sendProblem(response, problemOf(error instanceof Fault ? told(error) : internal(error)));
  }
}

function begin(parts: EventsParts, watch: Watch, events: EventStream, response: ServerResponse): void {
  const { connections } = parts;
  const forget = connections.admit(events);
  try {
    const seat = parts.join(events.principal, streamOf(parts.view, watch), events, watch.since);
    response.once('close', () => {
      seat.leave();
      forget();
    });
    head(response, { 'X-Netweave-Position': formatPosition(seat.position()!) });
    events.begin(seat);
  } catch (error) {
    forget();
    throw error;
  }
}

function head(response: ServerResponse, more: Readonly<Record<string, string>> = {}): ServerResponse {
  return response.writeHead(200, {
    'Content-Type': type,
    'Cache-Control': 'no-store',
    // nginx would keep events back until it has a buffer full of them.
    'X-Accel-Buffering': 'no',
    [requestIdHeader]: requestIdOf(response),
    ...more,
  });
}

function streamOf(view: View, watch: Watch): Stream<string> {
  const { scope, key } = watch;
  return {
    key: `events ${key}`,
    words: `events ${scope.key}`,
    tenant: scope.tenant,
    wants: (event) => watch.wants(event),
    anyOf: watch.anyOf,
    tell: async (event) => eventOf('change', toldChange(view, scope, event)),
    tellGap: async (gap) => eventOf('gap', toldGap(gap)),
  };
}

/** JSON has no line breaks of its own. */
function eventOf(event: string, data: { readonly position: string }): string {
  return `event: ${event}\nid: ${data.position}\ndata: ${JSON.stringify(data)}\n\n`;
}
