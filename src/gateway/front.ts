import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '#schema/errors.js';
import { mayReadMetrics, metricsPermission } from '../access/policy.js';
import type { Served } from '../facades/admission.js';
import { edge, type EdgeParts } from '../facades/edge.js';
import type { Facades } from '../facades/facades.js';
import { serveHealth, type Health } from '../facades/health.js';
import type { Refuses } from '../facades/foreign-pages.js';
import type { Upgrade } from '../facades/graphql/over-websocket.js';
import { otherMethod } from '../facades/methods.js';
import { noteBytes, requestIdHeader, requestIdOf, withRequestIds } from '../facades/request-id.js';
import { problemOf, sendProblem } from '../facades/rest/problem.js';
import type { Load } from '../facades/shedding.js';
import { upgrades } from '../facades/upgrades.js';
import type { Outcome } from '../operations/gate.js';
import { accessLog, type AccessLog } from '../platform/access-log.js';
import type { Configuration } from '../platform/config/model.js';
import { listen, type Listener, type ListenOptions } from '../platform/listener.js';
import type { Logger } from '../platform/logger.js';
import { createMetrics, metricsType, type Metrics } from '../platform/metrics.js';
import { refuseOnSocket } from '../platform/protocol-faults.js';
import { ready, report, type Followed } from './readiness.js';
import { operationCounter, requestCounters } from './request-counters.js';
import { waitingRoom } from './waiting-room.js';

/** For what is in flight. With all else of a stop it must stay below the limit of `shutdown.ts` (docs/architecture.md, 4). */
const grace = 20_000;
/** How long connections have to end with an answer before those left are closed. */
const farewell = 1000;
const maxInFlight = 2000;
const maxLoopDelay = 200;

interface Behind extends Pick<EdgeParts, 'admission'> {
  readonly facades: Facades;
  readonly refuses: Refuses | undefined;
}

/** The gateway's face to the network: listening from the first moment; requests wait until something stands behind it. */
export interface Front {
  /** Of the port for health and metrics, when this process does not serve clients. */
  readonly url: string;
  /** Where health and metrics are. */
  readonly healthUrl: string;
  /** Base of every absolute URI; undefined when this process does not serve clients. */
  readonly apiRoot: string | undefined;
  readonly metrics: Metrics;
  countOperation(outcome: Outcome): void;
  readonly load: Load;
  /** Notes a finished operation in access log and metrics. */
  served(served: Served): void;
  /** Tells health what is read, from now on. */
  follow(followed: Followed): void;
  serve(behind: Behind): void;
  /** Says that it goes away, by readiness and with every answer, and serves on; a second at most. */
  leave(): Promise<void>;
  close(): Promise<void>;
}

export async function openFront(configuration: Configuration, logger: Logger): Promise<Front> {
  const metrics = createMetrics();
  const log = configuration.accessLog.enabled ? await accessLog(accessLogOptions(configuration, logger)) : undefined;
  const { listen: at, limits } = configuration;
  const state: State = { draining: false, handle: () => undefined, upgrade: refuseUpgrade };
  // Alive and not ready: who waits for a store is not to be killed for it.
  const health = configuration.metrics.listen === undefined ? healthOf(state) : undefined;
  const waiting = waitingRoom(limits.deadline, health);
  state.handle = waiting.handle;
  const onRequest = (request: IncomingMessage, response: ServerResponse) => state.handle(request, response);
  const onUpgrade: Upgrade = (request, socket, head) => state.upgrade(request, socket, head);
  const served = configuration.runs.includes('api')
    ? await listen({ ...at, limits, onRequest, onUpgrade, ...certificates(configuration, metrics, logger) })
    : undefined;
  const apart = await listenApart(configuration, metrics, state);
  measure(metrics, served, log);
  return {
    url: (served ?? apart)!.url,
    healthUrl: (apart ?? served)!.url,
    apiRoot: served && (configuration.publicUrl ?? served.url),
    metrics,
    countOperation: operationCounter(metrics),
    load: { maxInFlight, loopDelay: () => metrics.eventLoopDelay(), maxLoopDelay },
    served: requestCounters(metrics, log),
    follow: (followed) => void (state.followed = followed),
    serve(behind) {
      const parts = edgeParts(configuration, metrics, state, behind);
      const { upgrade: graphql, live } = behind.facades;
      const publicUrl = configuration.publicUrl ?? served!.url;
      state.upgrade = upgrades({ ...parts, publicUrl, refuses: behind.refuses, graphql });
      state.goAway = () => behind.facades.goAway(grace);
      metrics.measured('netweave_live_connections', 'Open WebSockets and event streams.', () => live.size);
      state.handle = edge(parts);
      waiting.open(state.handle);
    },
    async leave() {
      state.draining = true;
      await served?.leave(farewell);
    },
    async close() {
      state.draining = true;
      waiting.close();
      const closed = Promise.all([served?.close(grace), apart?.close(grace)]);
      // Nobody is let in any more: whoever is sent away finds another one.
      state.goAway?.();
      await closed;
      metrics.close();
      await log?.close();
    },
  };
}

interface State {
  draining: boolean;
  upgrade: Upgrade;
  /** Says goodbye to live connections. */
  goAway?(): void;
  /** Known once something stands behind. */
  followed?: Followed;
  handle(request: IncomingMessage, response: ServerResponse): void;
}

const refuseUpgrade: Upgrade = (_request, socket) =>
  refuseOnSocket(socket, { status: 503, detail: 'The gateway is starting.' });

function edgeParts(
  configuration: Configuration,
  metrics: Metrics,
  state: State,
  { facades, admission, refuses }: Behind,
): EdgeParts {
  const { cors, limits, mode, metrics: apart } = configuration;
  const here = apart.listen === undefined;
  const health = healthOf(state);
  return {
    admission,
    refuses,
    cors,
    urlBytes: limits.urlBytes,
    open: (request, response) =>
      !hot(request) &&
      ((here && serveHealth(health, request, response)) ||
        // In production metrics are for callers with a token, or on a port of their own.
        (here && mode === 'development' && offerMetrics(configuration, metrics, request, response)) ||
        facades.serveOpen(request, response)),
    serve(request, response, caller) {
      if (hot(request) || !here || !asksForMetrics(configuration, request)) facades.serve(request, response, caller);
      else if (mayReadMetrics(caller.principal.scope)) serveMetrics(metrics, request, response);
      else sendProblem(response, problemOf(new Fault('FORBIDDEN', noMetrics)));
    },
  };
}

const noMetrics = `Metrics need the permission ${metricsPermission} and a role without a tenant, as they tell of every tenant.`;

function asksForMetrics({ metrics: { enabled } }: Configuration, { url }: IncomingMessage): boolean {
  return enabled && url!.split('?')[0] === '/metrics';
}

/** Whether a path is one of the O2 APIs, which nobody else serves: it need not be offered to the others. */
function hot({ url }: IncomingMessage): boolean {
  return url!.startsWith('/o2ims');
}

function healthOf(state: State): Health {
  return {
    ready: () => state.followed !== undefined && !state.draining && ready(state.followed),
    report: () => report(state.followed),
  };
}

function measure(metrics: Metrics, listener: Listener | undefined, log: AccessLog | undefined): void {
  const lost = 'Lines of the access log that could not be written.';
  metrics.measured('netweave_access_log_dropped_lines', lost, () => log?.dropped);
  const refused = 'Connections refused because too many were open.';
  metrics.measured('netweave_connections_refused_total', refused, () => listener?.refused);
}

/** Told by log and metric when a certificate changes, cannot be used, or ends. */
function certificates({ tls }: Configuration, metrics: Metrics, logger: Logger): Partial<ListenOptions> {
  if (!tls) return {};
  let ends: number | undefined;
  metrics.measured(
    'netweave_certificate_not_after_seconds',
    'When the certificate in use ends, seconds since 1970.',
    () => ends,
  );
  return {
    tls,
    onCertificate(certificate, fault) {
      ends = certificate.notAfter.getTime() / 1000;
      if (fault) logger.error({ err: fault }, 'The new certificate cannot be used; the last good one stays.');
    },
  };
}

function accessLogOptions({ accessLog: { file } }: Configuration, logger: Logger) {
  return {
    ...(file === undefined ? {} : { file }),
    onFault: (error: Error) => logger.error({ err: error }, 'The access log cannot be written.'),
  };
}

/** Serves metrics if that is what is asked for; false otherwise. */
function offerMetrics(
  configuration: Configuration,
  metrics: Metrics,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (!asksForMetrics(configuration, request)) return false;
  serveMetrics(metrics, request, response);
  return true;
}

function serveMetrics(metrics: Metrics, request: IncomingMessage, response: ServerResponse): void {
  if (otherMethod(request, response)) return;
  const head = {
    'Content-Type': metricsType,
    'Cache-Control': 'no-store',
    [requestIdHeader]: requestIdOf(response),
  };
  metrics.text().then(
    (text) => {
      if (request.method !== 'HEAD') noteBytes(response, Buffer.byteLength(text));
      response.writeHead(200, head).end(text);
    },
    () => sendProblem(response, { status: 500, detail: 'The metrics cannot be read.' }),
  );
}

/** A port of its own for health and metrics, without tokens. */
async function listenApart(
  configuration: Configuration,
  metrics: Metrics,
  state: State,
): Promise<Listener | undefined> {
  const at = configuration.metrics.listen;
  if (!at) return undefined;
  const health = healthOf(state);
  const onRequest = withRequestIds((request, response) => {
    if (serveHealth(health, request, response)) return;
    if (offerMetrics(configuration, metrics, request, response)) return;
    sendProblem(response, { status: 404, detail: 'Only /livez, /readyz and /metrics are here.' });
  });
  return listen({ ...at, limits: configuration.limits, onRequest });
}
