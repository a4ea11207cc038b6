import type { Served } from '../facades/admission.js';
import type { Outcome } from '../operations/gate.js';
import type { AccessLog } from '../platform/access-log.js';
import { requestBuckets, type Count, type Metrics, type Spread } from '../platform/metrics.js';

/** Notes each finished operation in the metrics and the access log. */
export function requestCounters(metrics: Metrics, log: AccessLog | undefined): (served: Served) => void {
  const requests = metrics.counter('netweave_http_requests_total', 'Answered requests, and operations on WebSockets.', [
    'status',
  ]);
  const seconds = metrics.histogram('netweave_http_request_seconds', 'Time to the last byte.', requestBuckets, [
    'class',
  ]);
  const byStatus = new Map<number, { readonly count: Count; readonly time: Spread }>();
  return ({ request, method, requestId, principal, tenant, status, milliseconds, bytes }) => {
    let series = byStatus.get(status);
    if (!series)
      byStatus.set(
        status,
        (series = { count: requests(String(status)), time: seconds(`${Math.floor(status / 100)}xx`) }),
      );
    series.count.add();
    series.time.observe(milliseconds / 1000);
    if (!log) return;
    // Express cuts off what a facade is mounted at.
    const { url = '', socket } = request;
    const whole = (request as { readonly originalUrl?: string }).originalUrl ?? url;
    const query = whole.indexOf('?');
    const path = query < 0 ? whole : whole.slice(0, query);
    log.line({
      requestId,
      method,
      path,
      status,
      bytes,
      microseconds: Math.round(milliseconds * 1000),
      remote: socket.remoteAddress ?? '',
      principal,
      tenant,
    });
  };
}

export function operationCounter(metrics: Metrics): (outcome: Outcome) => void {
  const total = metrics.counter('netweave_operations_total', 'Operations by outcome.', ['operation', 'code']);
  const seconds = metrics.histogram(
    'netweave_operation_seconds',
    'Time an operation took that ran: it was neither refused nor was the answer that the caller had still true.',
    requestBuckets,
    ['operation'],
  );
  // By texts that live on, whose hashes are known: this is done for every answer.
  const byOperation = new Map<string, Map<string, { readonly count: Count; readonly time: Spread }>>();
  return ({ operation, code, milliseconds }) => {
    let byCode = byOperation.get(operation);
    if (!byCode) byOperation.set(operation, (byCode = new Map()));
    let series = byCode.get(code);
    if (!series) byCode.set(code, (series = { count: total(operation, code), time: seconds(operation) }));
    series.count.add();
    if (milliseconds !== undefined) series.time.observe(milliseconds / 1000);
  };
}
