import type { IncomingMessage, ServerResponse } from 'node:http';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import type { Fault } from '#schema/errors.js';
import { formattedError } from './graphql/errors.js';
import { graphqlPath } from './graphql/path.js';
import { requestIdHeader, requestIdOf } from './request-id.js';
import { problemOf, sendProblem } from './rest/problem.js';
import { errorShape, trpcCodeOf, trpcError } from './trpc/errors.js';

const trpc = /^\/trpc(?![^/?])/;

/** Refuses a request that no facade gets to see, in the spelling of the one that its path belongs to. */
export function refuseAs(request: Asked, response: ServerResponse, fault: Fault, refused = problemOf(fault)): void {
  const url = request.originalUrl ?? request.url!;
  if (graphqlPath.test(url)) sendJson(response, refused, { errors: [formattedError(fault)] });
  else if (trpc.test(url)) sendJson(response, refused, { error: trpcShape(fault, refused.status) });
  else sendProblem(response, refused);
}

/** Express shortens `url` by the path that a facade is mounted at. */
type Asked = IncomingMessage & { readonly originalUrl?: string };

function trpcShape(fault: Fault, httpStatus: number) {
  const code = trpcCodeOf[fault.code];
  const shape = { code: TRPC_ERROR_CODES_BY_KEY[code], message: fault.message, data: { code, httpStatus } };
  return errorShape({ shape, error: trpcError(fault) });
}

function sendJson(response: ServerResponse, { status, headers }: ReturnType<typeof problemOf>, value: object): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    [requestIdHeader]: requestIdOf(response),
    ...headers,
  });
  response.end(body);
}
