import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Coverage } from '#subscriptions/coverage.js';
import type { IdentifyPrincipal } from '../access/principal.js';
import { edge, type Served } from '../facades/edge.js';
import type { Facades } from '../facades/facades.js';
import { serveHealth } from '../facades/health.js';
import { sendProblem } from '../facades/rest/problem.js';
import type { Outcome } from '../operations/gate.js';
import { accessLog, type AccessLog } from '../platform/access-log.js';
import type { Configuration } from '../platform/config/model.js';
import { listen, type Listener, type ListenOptions } from '../platform/listener.js';
import type { Logger } from '../platform/logger.js';
import {
  createMetrics,
  metricsType,
  requestBuckets,
  type Count,
  type Metrics,
  type Spread,
} from '../platform/metrics.js';
import { notReadYet } from './accounts.js';

const grace = 20_000;
const maxInFlight = 2000;
const maxLoopDelay = 200;

interface Behind {
  readonly identify: IdentifyPrincipal;
  readonly facades: Facades;
  readonly coverage: Coverage;
}

/** The gateway's face to the network: listening from the first moment, answering 503 until something stands behind it. */
export interface Front {
  readonly url: string;
  /** Base of every absolute URI. */
  readonly apiRoot: string;
  readonly metrics: Metrics;
  countOperation(outcome: Outcome): void;
  serve(behind: Behind): void;
  close(): Promise<void>;
}

export async function openFront(configuration: Configuration, logger: Logger): Promise<Front> {
  const metrics = createMetrics();
  const log = configuration.accessLog.enabled ? await accessLog(accessLogOptions(configuration, logger)) : undefined;
  let behind: Behind | undefined;
  let inFlight = 0;
  let draining = false;
  let handle = (_request: IncomingMessage, response: ServerResponse): void =>
    sendProblem(response, { status: 503, detail: 'The gateway is starting.', headers: { 'Retry-After': '1' } });
  const onRequest = (request: IncomingMessage, response: ServerResponse) => handle(request, response);
  const listener = await listen({
    ...configuration.listen,
    limits: configuration.limits,
    onRequest,
    ...certificates(configuration, metrics, logger),
  });
  const count = requestCounters(metrics, log, () => (inFlight -= 1));
  const health = {
    ready: () => behind !== undefined && !draining && tried(behind.coverage),
    report: () => report(behind?.coverage),
  };
  const observability = (request: IncomingMessage, response: ServerResponse) =>
    serveHealth(health, request, response) || serveMetrics(configuration, metrics, request, response);
  const own = configuration.metrics.listen && (await listenApart(configuration, observability));
  metrics.measured(
    'netweave_access_log_dropped_lines',
    'Lines of the access log that could not be written.',
    () => log?.dropped,
  );
  metrics.measured(
    'netweave_connections_refused_total',
    'Connections refused because too many were open.',
    () => listener.refused,
  );

  return {
    url: listener.url,
    apiRoot: configuration.publicUrl ?? listener.url,
    metrics,
    countOperation: operationCounter(metrics),
    serve(next) {
      behind = next;
      const answer = edge({
        identify: next.identify,
        cors: configuration.cors,
        urlBytes: configuration.limits.urlBytes,
        load: { inFlight: () => inFlight, maxInFlight, loopDelay: () => metrics.eventLoopDelay(), maxLoopDelay },
        open: (request, response) =>
          (own ? false : observability(request, response)) || next.facades.serveOpen(request, response),
        serve: (request, response, caller) => next.facades.serve(request, response, caller),
        served: count,
      });
      handle = (request, response) => {
        inFlight += 1;
        answer(request, response);
      };
    },
    async close() {
      draining = true;
      await Promise.all([listener.close(grace), own?.close(grace)]);
      metrics.close();
      await log?.close();
    },
  };
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

/** Ready once a first synchronisation of every backend was tried. */
function tried(coverage: Coverage): boolean {
  const looked = (reason: string | undefined) => reason !== undefined && reason !== notReadYet;
  return coverage.progress().every(({ synced, of, reason }) => synced === of || synced > 0 || looked(reason));
}

function report(coverage: Coverage | undefined): readonly string[] {
  if (!coverage) return ['[-] store: opening'];
  const backends = coverage
    .progress()
    .map(
      ({ instance, synced, of, reason }) =>
        `[${synced === of ? '+' : '-'}] backend ${instance}: ${synced} of ${of} kinds current${reason === undefined ? '' : ` (${reason})`}`,
    );
  return ['[+] store: ok', ...backends];
}

function serveMetrics(
  { metrics: { enabled } }: Configuration,
  metrics: Metrics,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (!enabled || request.url !== '/metrics') return false;
  void metrics
    .text()
    .then((text) => response.writeHead(200, { 'Content-Type': metricsType, 'Cache-Control': 'no-store' }).end(text));
  return true;
}

function listenApart(
  configuration: Configuration,
  serve: (request: IncomingMessage, response: ServerResponse) => boolean,
): Promise<Listener> {
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    if (!serve(request, response))
      sendProblem(response, { status: 404, detail: 'Only /livez, /readyz and /metrics are here.' });
  };
  return listen({ ...configuration.metrics.listen!, limits: configuration.limits, onRequest });
}

/** Notes each finished request in the metrics and the access log. */
function requestCounters(metrics: Metrics, log: AccessLog | undefined, finished: () => void): (served: Served) => void {
  const requests = metrics.counter('netweave_http_requests_total', 'Answered requests.', ['status']);
  const seconds = metrics.histogram('netweave_http_request_seconds', 'Time to the last byte.', requestBuckets, [
    'class',
  ]);
  const byStatus = new Map<number, { readonly count: Count; readonly time: Spread }>();
  return ({ request, requestId, principal, status, milliseconds, bytes }) => {
    finished();
    let series = byStatus.get(status);
    if (!series)
      byStatus.set(
        status,
        (series = { count: requests(String(status)), time: seconds(`${Math.floor(status / 100)}xx`) }),
      );
    series.count.add();
    series.time.observe(milliseconds / 1000);
    if (!log) return;
    const { url = '', method = '', socket } = request;
    const query = url.indexOf('?');
    const path = query < 0 ? url : url.slice(0, query);
    log.line({
      requestId,
      method,
      path,
      status,
      bytes,
      microseconds: Math.round(milliseconds * 1000),
      remote: socket.remoteAddress ?? '',
      principal,
    });
  };
}

function operationCounter(metrics: Metrics): (outcome: Outcome) => void {
  const total = metrics.counter('netweave_operations_total', 'Operations by outcome.', ['operation', 'code']);
  const seconds = metrics.histogram('netweave_operation_seconds', 'Time an operation took.', requestBuckets, [
    'operation',
  ]);
  const byOutcome = new Map<string, { readonly count: Count; readonly time: Spread }>();
  return ({ operation, code, milliseconds }) => {
    const key = `${operation} ${code}`;
    let series = byOutcome.get(key);
    if (!series) byOutcome.set(key, (series = { count: total(operation, code), time: seconds(operation) }));
    series.count.add();
    series.time.observe(milliseconds / 1000);
  };
}
