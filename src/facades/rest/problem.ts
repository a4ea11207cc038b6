import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Code, Fault } from '#schema/errors.js';
import { noteBytes, requestIdHeader, requestIdOf } from '../request-id.js';

/** HTTP status of each code; an API's major may override a row as data. */
export const statusOf = {
  INVALID: 400,
  UNPROCESSABLE: 422,
  TOO_LARGE: 413,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  GONE: 410,
  CONFLICT: 409,
  PRECONDITION_FAILED: 412,
  QUOTA_EXCEEDED: 429,
  RATE_LIMITED: 429,
  UNSUPPORTED: 501,
  BACKEND_FAILED: 502,
  BACKEND_UNAVAILABLE: 503,
  BACKEND_TIMEOUT: 504,
  UNAVAILABLE: 503,
  CANCELLED: 499,
  INTERNAL: 500,
} as const satisfies Record<Code, number>;

/** ProblemDetails (RFC 9457); `instance` is left out, because the authorities disagree on its type (contract 0.5). */
export interface Problem {
  readonly status: number;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly members?: Readonly<Record<string, unknown>>;
}

export function problemOf(fault: Fault, statuses: Partial<Record<Code, number>> = {}): Problem {
  const { code, detail } = fault;
  const headers: Record<string, string> = {};
  if (detail.retryAfter !== undefined) headers['Retry-After'] = String(detail.retryAfter);
  if (code === 'UNAUTHENTICATED') headers['WWW-Authenticate'] = 'Bearer realm="netweave"';
  const members = {
    code,
    ...(detail.at === undefined ? {} : { at: detail.at }),
    ...(detail.position === undefined ? {} : { position: detail.position }),
    ...(detail.faults ? { faults: detail.faults } : {}),
  };
  return { status: statuses[code] ?? statusOf[code], detail: fault.message, headers, members };
}

export function problemDocument({ status, detail, members }: Problem): object {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...members };
}

/** The one writer of errors, for every path of the listener. */
export function sendProblem(response: ServerResponse, problem: Problem, withBody = true): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = Buffer.from(JSON.stringify(problemDocument(problem)));
  noteBytes(response, withBody ? body.length : 0);
  response.writeHead(problem.status, {
    'Content-Type': 'application/problem+json',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    [requestIdHeader]: requestIdOf(response),
    ...problem.headers,
  });
  response.end(withBody ? body : undefined);
}
