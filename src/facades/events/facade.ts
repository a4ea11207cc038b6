import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault, internal } from '#schema/errors.js';
import type { Hub } from '#subscriptions/live/hub.js';
import type { Sink, Stream } from '#subscriptions/live/stream.js';
import type { View } from '../../inventory/view.js';
import type { Caller, Gate } from '../../operations/gate.js';
import { toldChange, toldGap } from '../../operations/told-change.js';
import type { Watch } from '../../operations/watch.js';
import type { Connections } from '../live/connections.js';
import { Outlet } from '../live/outlet.js';
import { otherMethod } from '../methods.js';
import { misencodedQuery, queryIn } from '../percent.js';
import { requestIdHeader } from '../request-id.js';
import { problemOf, sendProblem } from '../rest/problem.js';
import { askedIn } from './asked.js';
import { EventConnection } from './connection.js';

interface Parts {
  readonly gate: Gate;
  readonly view: View;
  readonly hub: Hub;
  readonly connections: Connections;
  readonly limits: { readonly backlog: number; readonly streams: number };
  unforeseen(error: unknown, caller: Caller): void;
}

/** Where clients come back to when they are cut off, milliseconds. */
const retry = 1000;

/** `/events`: what changes as Server-Sent Events (WHATWG HTML 9.2), for curl and EventSource. False for other paths. */
export function eventsFacade(parts: Parts) {
  return (request: IncomingMessage, response: ServerResponse, caller: Caller): boolean => {
    if (!/^\/events(\?|$)/.test(request.url!)) return false;
    if (otherMethod(request, response)) return true;
    try {
      begin(parts, request, response, caller);
    } catch (error) {
      if (!(error instanceof Fault)) parts.unforeseen(error, caller);
      sendProblem(response, problemOf(error instanceof Fault ? error : internal(error)));
    }
    return true;
  };
}

function begin(parts: Parts, request: IncomingMessage, response: ServerResponse, caller: Caller): void {
  const { gate, hub, limits, connections } = parts;
  const misencoded = misencodedQuery(queryIn(request.url!));
  if (misencoded) throw misencoded;
  const { accept } = request.headers;
  if (accept !== undefined && !/text\/event-stream|text\/\*|\*\/\*/i.test(accept))
    return sendProblem(response, { status: 406, detail: '/events is text/event-stream, and nothing else.' });
  const watch = gate.watch(caller, askedIn(request));
  if (hub.counts().groups >= limits.streams)
    throw new Fault('RATE_LIMITED', `There are ${limits.streams} different live streams already.`, { retryAfter: 30 });
  const connection = new EventConnection(request, response, caller.principal);
  const forget = connections.admit(connection);
  response.once('close', forget);
  connections.identified(caller.principal);
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
    [requestIdHeader]: caller.requestId,
  });
  if (request.method === 'HEAD') return void response.end();
  response.write(`retry: ${retry}\n\n`);
  const outlet = new Outlet(response, limits.backlog);
  response.once('close', hub.join(streamOf(parts, watch), sinkOf(outlet, response), watch.since));
}

function streamOf({ view }: Parts, watch: Watch): Stream<string> {
  return {
    key: `events ${watch.key}`,
    wants: (event) => watch.wants(event),
    tell: (event) => Promise.resolve(framed('change', toldChange(view, watch.scope, event))),
    tellGap: (gap) => Promise.resolve(framed('gap', toldGap(gap))),
  };
}

function framed(event: string, told: { readonly position: string }): string {
  return `event: ${event}\nid: ${told.position}\ndata: ${JSON.stringify(told)}\n\n`;
}

function sinkOf(outlet: Outlet, response: ServerResponse): Sink<string> {
  return {
    take: (told) => (response.destroyed ? told.length : outlet.write(told, ({ what }) => void response.write(what))),
    whenRoom: (then) => outlet.whenRoom(then),
    end: () => void response.end(),
  };
}
