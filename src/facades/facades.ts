import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Express, type RequestHandler } from 'express';
import { Fault, internal } from '#schema/errors.js';
import type { Hub } from '#subscriptions/live/hub.js';
import type { Admission } from './admission.js';
import { eventsFacade } from './events/facade.js';
import { graphqlFacade } from './graphql/facade.js';
import { liveGraphql } from './graphql/live-facade.js';
import type { Upgrade } from './graphql/over-websocket.js';
import { connections, goesAway, type Connections } from './live/connections.js';
import { joining } from './live/join-hub.js';
import { backlogOf } from './live/outlet.js';
import { ownFacade } from './own/facade.js';
import { atLeast, servingAtLeast } from './at-least.js';
import { countBytes } from './count-bytes.js';
import type { Serve } from './edge.js';
import { getOrPost } from './get-or-post.js';
import { misencodedQuery, queryIn } from './percent.js';
import { graphqlPath } from './graphql/path.js';
import { refuseAs } from './refuse-as.js';
import { openApiFacade } from './rest/open-api-facade.js';
import { pagesFacade } from './pages/pages.js';
import { problemOf, sendProblem } from './rest/problem.js';
import { routesOf } from './rest/routes.js';
import { serveRest } from './rest/serve.js';
import { requestIdHeader } from './request-id.js';
import { ownRoot, trpcRoot } from './root-index.js';
import { rootsOf } from './roots.js';
import { trpcFacade } from './trpc/facade.js';
import { unconditional } from './unconditional.js';
import type { IdentifyPrincipal } from '../access/principal.js';
import type { View } from '../inventory/view.js';
import type { Caller, Gate } from '../operations/gate.js';
import type { Operation } from '../operations/operation.js';
import type { Configuration } from '../platform/config/model.js';
import { servesV2 } from '../platform/config/serves-v2.js';

const answerCacheBytes = 48 * 1024 * 1024;

interface Parts {
  readonly configuration: Configuration;
  readonly gate: Gate;
  readonly view: View;
  readonly operations: readonly Operation[];
  readonly publicUrl: string;
  readonly hub: Hub;
  readonly identify: IdentifyPrincipal;
  readonly admission: Admission;
  /** A fault of a facade itself: shown to the operator, withheld from the caller. */
  unforeseen(error: unknown, caller: Pick<Caller, 'requestId'>): void;
}

export interface Facades {
  readonly serve: Serve;
  /** Static pages and documents, for everybody; false when the path is none of them. */
  serveOpen(request: IncomingMessage, response: ServerResponse): boolean;
  /** Connections that become WebSockets. */
  readonly upgrade: Upgrade;
  readonly live: Connections;
  /** Sends away, within so many milliseconds, who would keep the gateway from its end. */
  goAway(withinMs: number): void;
  stop(): Promise<void>;
}

const callers = new WeakMap<IncomingMessage, Caller>();

function callerOf(request: IncomingMessage): Caller {
  return callers.get(request)!;
}

/** All facades: the hot O2 routes straight from node:http, everything else through Express behind them. */
export async function openFacades(parts: Parts): Promise<Facades> {
  const { configuration, publicUrl, gate, view, operations, hub, identify, admission, unforeseen } = parts;
  const routes = routesOf(
    operations,
    (api, major) => servesV2(configuration) || api !== 'o2ims-infrastructureInventory' || major !== 'v2',
  );
  const rest = restFacade(parts, routes);
  const behind = { gate, view, operations, callerOf, unforeseen, bodyBytes: configuration.limits.bodyBytes };
  const { live: bounds } = configuration.limits;
  const live = connections(bounds, identify);
  const joined = { join: joining(hub, bounds), connections: live, backlog: backlogOf(bounds, () => live.size) };
  const events = eventsFacade({ ...joined, gate, view, unforeseen });
  const graphql = await graphqlFacade({ ...behind, limits: configuration.limits.graphql });

  const open = pagesFacade({ openApi: openApiFacade(routes, publicUrl) });
  const app = mounted(
    graphql.handler,
    [trpcRoot(publicUrl, operations), trpcFacade({ ...behind, live: joined })],
    [ownRoot(publicUrl), ownFacade({ ...behind, publicUrl })],
    parts,
  );
  const leaving = new AbortController();
  const reaching = atLeast({ view, deadline: configuration.limits.deadline, leaving: leaving.signal });
  const serve: Serve = (request, response, caller) => {
    if (rest(request, response, caller)) return;
    callers.set(request, caller);
    response.setHeader(requestIdHeader, caller.requestId);
    const misencoded = misencodedQuery(queryIn(request.url!));
    if (misencoded) return refuseAs(request, response, misencoded);
    if (!events(request, response, caller)) app(request, response);
  };
  return {
    serveOpen: open,
    serve: servingAtLeast(reaching, serve),
    upgrade: liveGraphql({
      ...behind,
      ...graphql,
      ...joined,
      admission,
      atLeast: reaching,
      limits: configuration.limits,
    }),
    live,
    goAway(withinMs) {
      leaving.abort(goesAway());
      live.stop(withinMs);
    },
    stop: () => graphql.stop(),
  };
}

function restFacade(parts: Parts, routes: ReturnType<typeof routesOf>): ReturnType<typeof serveRest> {
  const { configuration, publicUrl, gate, view, unforeseen } = parts;
  return serveRest({
    gate,
    view,
    routes,
    bodyBytes: configuration.limits.bodyBytes,
    publicUrl,
    unforeseen,
    strict: configuration.conformance === 'strict',
    relativeVersions: configuration.apiVersionsPrefix === 'relative',
    cacheBytes: answerCacheBytes,
    pageSize: configuration.limits.pageSize,
    pageBytes: configuration.limits.pageBytes,
  });
}

/** What is not hot, behind Express. */
function mounted(
  graphql: RequestHandler,
  trpc: readonly RequestHandler[],
  own: readonly RequestHandler[],
  { configuration, unforeseen }: Parts,
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(countBytes);
  // A path below it is nothing, where Express would take it for the same.
  app.use(graphqlPath, getOrPost, unconditional, graphql);
  app.use('/trpc', getOrPost, unconditional, ...trpc);
  app.use('/netweave/v1', ...own);
  app.use((request: IncomingMessage, response: ServerResponse) =>
    sendProblem(response, problemOf(nothingAt(request.url!, configuration))),
  );
  app.use((error: unknown, request: IncomingMessage, response: ServerResponse, _next: unknown) => {
    const fault = faultOf(error);
    if (fault.code === 'INTERNAL') unforeseen(error, callerOf(request));
    sendProblem(response, problemOf(fault));
  });
  return app;
}

/** Who begins at the root is told where to go on. */
function nothingAt(url: string, configuration: Configuration): Fault {
  const path = url.split('?')[0]!;
  if (path !== '/') return new Fault('NOT_FOUND', `There is nothing at ${path}.`);
  const roots = rootsOf(configuration).map((root) => `${root.path} (${root.name})`);
  return new Fault('NOT_FOUND', `There is nothing at /. Go on at ${roots.join(', ')}.`);
}

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const { status, message } = error as { readonly status?: number; readonly message?: string };
  if (status === 413) return new Fault('TOO_LARGE', 'The body is too large.');
  if (status !== undefined && status >= 400 && status < 500)
    return new Fault('INVALID', message ?? 'The request cannot be read.');
  return internal(error);
}
