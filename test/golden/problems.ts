/** ProblemDetails: what every answer from 400 on looks like (4), and one request for each status. */

import type { Reply } from './client.js';
import { isObject } from './kinds.js';

const problemType = 'application/problem+json';

type Body = Readonly<Record<string, unknown>>;

/** The rules of clause 4 (and 0.5); each holds for every error. */
const rules: readonly { readonly rule: string; holds(body: Body, status: number): boolean }[] = [
  { rule: '§4 status is an integer', holds: (body) => Number.isInteger(body['status']) },
  { rule: '§4 status equals the HTTP status', holds: (body, status) => body['status'] === status },
  {
    rule: '§4 detail is a string and says something',
    holds: ({ detail }) => typeof detail === 'string' && detail !== '',
  },
  { rule: '§4 type, if there, is a URI', holds: ({ type }) => type === undefined || isUri(type) },
  { rule: '§4 title, if there, is a string', holds: ({ title }) => title === undefined || typeof title === 'string' },
  { rule: '§0.5 instance is omitted', holds: (body) => !('instance' in body) },
];

function isUri(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value);
}

/** The type of a body without its parameters, in lower case. */
export function mediaType(reply: Reply): string {
  return (reply.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Everything in which an answer departs from an error of this status; none is conforming. */
export function problemFaults(reply: Reply, status: number): string[] {
  const faults: string[] = [];
  if (reply.status !== status)
    faults.push(`HTTP status ${reply.status} in place of ${status}: ${reply.text.slice(0, 200)}`);
  if (mediaType(reply) !== problemType) faults.push(`§4 Content-Type is ${mediaType(reply) || 'missing'}`);
  const body = parsed(reply.text);
  if (!isObject(body)) return [...faults, '§4 the body is not a JSON object'];
  const broken = rules.filter(({ holds }) => !holds(body, reply.status));
  return [...faults, ...broken.map(({ rule }) => rule)];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface ErrorCase {
  readonly why: string;
  readonly status: number;
  /** Under `/{apiName}/{major}`. */
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const errors: readonly ErrorCase[] = [
  { why: 'bad filter', status: 400, path: '/resourcePools?filter=garbage' },
  { why: 'bad selector', status: 400, path: '/resourcePools?fields=WrongAttrName' },
  { why: 'bad selector of the O-Cloud', status: 400, path: '/?fields=WrongAttrName' },
  { why: 'bad marker', status: 400, path: '/resourcePools?nextpage_opaque_marker=abc' },
  { why: 'malformed Version', status: 400, path: '/resourcePools', headers: { Version: 'latest' } },
  { why: 'unknown path', status: 404, path: '/nothing' },
  { why: 'unknown object', status: 404, path: '/deploymentManagers/{unknown}' },
  { why: 'method not defined', status: 405, path: '/resourcePools', method: 'DELETE' },
  { why: 'Accept without JSON', status: 406, path: '/resourcePools', headers: { Accept: 'text/html' } },
  { why: 'unsupported Version', status: 406, path: '/resourcePools', headers: { Version: '99.0.0' } },
];

/** Who asks, of a gateway whose clients are `everything` (admin), `nothing` (monitor: metrics alone) and `reader`. */
type Client = 'everything' | 'nothing' | 'reader';

export interface Refusal {
  readonly why: string;
  readonly status: number;
  /** None while the gateway is starting, when there is nothing yet that has codes. */
  readonly code?: string;
  /** Under `/{apiName}/{major}`. */
  readonly path: string;
  readonly method?: string;
  readonly as?: Client;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** What the answer carries beside the type of its body. */
  readonly carries?: Readonly<Record<string, RegExp>>;
  /** Parameter or header that `at` names. */
  readonly at?: string;
  /** Whether it is known by then which major is meant, so that `Version` is there (3.3). */
  readonly version: boolean;
}

const bearer = { 'www-authenticate': /^Bearer\b/ };
const stranger = { status: 401, code: 'UNAUTHENTICATED', carries: bearer, version: false } as const;
const forbidden = { status: 403, code: 'FORBIDDEN', version: true } as const;
const callback = { callback: 'http://127.0.0.1:9/' };
export const bodyLimit = 2048;

/** 401, 403 and 413, in the order in which they count (1.2). */
export const refusals: readonly Refusal[] = [
  { ...stranger, why: 'no token', path: '/resourcePools' },
  { ...stranger, why: 'no token for what is not there', path: '/nothing' },
  { ...stranger, why: 'no token for a wrong query', path: '/resourcePools?filter=garbage' },
  { ...stranger, why: 'no token for OPTIONS', path: '/resourcePools', method: 'OPTIONS' },
  { ...stranger, why: 'no token for api_versions', path: '/api_versions' },
  { ...stranger, why: 'no token with a body', path: '/subscriptions', method: 'POST', body: callback },
  { ...stranger, why: 'an unknown token', path: '/', headers: { Authorization: 'Bearer nobody' } },
  { ...stranger, why: 'a token of another scheme', path: '/', headers: { Authorization: 'Basic ZXZlcnl0aGluZw==' } },
  { ...stranger, why: 'a scheme without a token', path: '/', headers: { Authorization: 'Bearer' } },
  { ...forbidden, why: 'a list', path: '/resourcePools', as: 'nothing' },
  { ...forbidden, why: 'the O-Cloud', path: '/', as: 'nothing' },
  { ...forbidden, why: 'an object that is not there', path: '/deploymentManagers/{unknown}', as: 'nothing' },
  { ...forbidden, why: 'subscribing', path: '/subscriptions', method: 'POST', body: callback, as: 'reader' },
  { ...forbidden, why: 'ending one', path: '/subscriptions/{unknown}', method: 'DELETE', as: 'reader' },
  {
    why: 'a body over limits.bodyBytes',
    status: 413,
    code: 'TOO_LARGE',
    path: '/subscriptions',
    method: 'POST',
    as: 'everything',
    body: { ...callback, consumerSubscriptionId: 'x'.repeat(bodyLimit) },
    at: 'body',
    version: true,
  },
];

/** Retry-After is in whole seconds, and says to wait. */
export const waits = { 'retry-after': /^[1-9]\d*$/ };

/** Everything in which an answer departs from a refusal of a major whose newest version is given; none is conforming. */
export function refusalFaults(reply: Reply, refusal: Omit<Refusal, 'why' | 'path'>, newest: string): string[] {
  const { status, code, carries = {}, at, version } = refusal;
  const faults = problemFaults(reply, status);
  const body = parsed(reply.text);
  if (!isObject(body)) return faults;
  const { detail: _, ...told } = body;
  const beside = Object.fromEntries(Object.entries({ code, at }).filter(([, value]) => value !== undefined));
  const expected = { type: 'about:blank', title: titles[status], status, ...beside };
  const shown = (value: object): string => JSON.stringify(Object.entries(value).toSorted());
  if (shown(told) !== shown(expected))
    faults.push(`§4 ${JSON.stringify(told)} in place of ${JSON.stringify(expected)}`);
  const wrong = Object.entries(carries).filter(([name, form]) => !form.test(String(reply.headers[name])));
  for (const [name] of wrong) faults.push(`§4 ${name} is ${String(reply.headers[name])}`);
  if (reply.headers['version'] !== (version ? newest : undefined))
    faults.push(`§3.3 Version is ${reply.headers['version']}`);
  return faults;
}

/** Of HTTP (RFC 9110 15). Node says `Payload Too Large` for 413, by RFC 7231. */
const titles: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  413: 'Payload Too Large',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};
