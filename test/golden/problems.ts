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
