import { STATUS_CODES } from 'node:http';
import { codes, type Code } from '#schema/errors.js';
import { statusOf } from './problem.js';

/** A part of an OpenAPI 3.1 document: plain JSON. */
export type Json = Readonly<Record<string, unknown>>;

const text = (description: string): Json => ({ description, schema: { type: 'string' } });

/** What may be said in the headers of an answer; a document names those it uses. */
export const headers = {
  Age: {
    description: 'Seconds since the oldest part of an incomplete answer was known to be true.',
    schema: { type: 'integer' },
  },
  ETag: text('State of the answer, for `If-None-Match`.'),
  Link: text('Absolute URI of the next page, with `rel="next"` (RFC 8288); absent on the last one.'),
  Location: text('Absolute URI of what was created.'),
  'Retry-After': { description: 'Seconds after which a repeat may succeed.', schema: { type: 'integer' } },
  Version: text('Version of the API that the answer follows (ETSI GS NFV-SOL 013 9.3).'),
  'WWW-Authenticate': text('How to authenticate (RFC 6750).'),
  'X-Netweave-Incomplete': text('Backends whose part may be missing or old; absent when there are none.'),
  'X-Netweave-Position': text('Place in the log up to which the answer is true.'),
  'X-Request-Id': text('Names this request in the logs.'),
} as const satisfies Record<string, Json>;

export function headerRefs(...names: readonly (keyof typeof headers)[]): Json {
  return Object.fromEntries([...names, 'X-Request-Id'].map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

const problem: Json = {
  type: 'object',
  description: 'ProblemDetails (RFC 9457).',
  required: ['status', 'detail'],
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer', description: 'The HTTP status.' },
    detail: { type: 'string', description: 'What was wrong, where, and what to do.' },
    code: {
      type: 'string',
      enum: [...codes],
      description: 'The same on every interface; absent for what HTTP alone refuses.',
    },
    at: { type: 'string', description: 'The part of the input that was wrong.' },
    position: { type: 'integer', description: 'Character of the fault inside `at`, from 0.' },
    faults: { type: 'array', items: { type: 'string' }, description: 'Further faults of the same input.' },
  },
};

const own: Readonly<Record<number, (keyof typeof headers)[]>> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

/** References to the problems of these statuses, by status. */
export function problemRefs(statuses: Iterable<number>): Json {
  return Object.fromEntries(
    [...new Set(statuses)]
      .sort((a, b) => a - b)
      .map((status) => [status, { $ref: `#/components/responses/${status}` }]),
  );
}

/** The components that every document has; `statuses` are those that its operations refuse with, `always` what problems say. */
export function sharedComponents(
  statuses: Iterable<number>,
  always: readonly (keyof typeof headers)[] = [],
): { readonly [part: string]: Json } {
  const answers = [...new Set(statuses)]
    .sort((a, b) => a - b)
    .map((status) => {
      const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
      const said = headerRefs(...always, ...(own[status] ?? []));
      return [status, { description: STATUS_CODES[status]!, headers: said, content }] as const;
    });
  return {
    schemas: { Problem: problem },
    responses: Object.fromEntries(answers),
    headers,
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'A token of the configuration.' } },
  };
}

/** What reading anything may be refused with: codes of the gate, GONE of a position, and 406 of the protocol. */
export function readStatuses(overrides: Partial<Record<Code, number>> = {}): readonly number[] {
  return [
    ...statusesOf(
      ['INVALID', 'UNAUTHENTICATED', 'FORBIDDEN', 'GONE', 'RATE_LIMITED', 'INTERNAL', 'UNAVAILABLE'],
      overrides,
    ),
    406,
  ];
}

const writing: readonly Code[] = [
  'UNPROCESSABLE',
  'CONFLICT',
  'PRECONDITION_FAILED',
  'UNSUPPORTED',
  'BACKEND_FAILED',
  'BACKEND_UNAVAILABLE',
  'BACKEND_TIMEOUT',
];

/** What a write may be refused with besides. */
export function writeStatuses(): readonly number[] {
  return statusesOf(writing);
}

/** What a request with a body may be refused with besides; 415 is of the protocol. */
export function sentStatuses(overrides: Partial<Record<Code, number>> = {}): readonly number[] {
  return [...statusesOf(['TOO_LARGE'], overrides), 415];
}

export function statusesOf(listed: readonly Code[], overrides: Partial<Record<Code, number>> = {}): readonly number[] {
  return listed.map((code) => overrides[code] ?? statusOf[code]);
}
