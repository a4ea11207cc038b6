import type { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { Fault, internal, invalid } from '#schema/errors.js';
import type { Caller } from '../../operations/gate.js';
import { jsonFaultAt } from '../json-fault.js';
import { refuseDeep } from '../nesting.js';
import { refuseLarge } from '../refuse-large.js';
import { refuseLongAccept } from '../rest/headers.js';
import { statusOf } from '../rest/problem.js';
import type { Direct } from './direct.js';
import { formattedError } from './errors.js';
import type { GraphqlRequest } from './request.js';

export interface HttpParts {
  readonly server: ApolloServer<GraphqlRequest>;
  readonly documentBytes: number;
  readonly bodyBytes: number;
  readonly direct: Direct;
  callerOf(request: Request): Caller;
  unforeseen(error: unknown, caller: Caller): void;
}

/** GraphQL over HTTP: what is refused here never reaches the executor. */
export function graphqlOverHttp(parts: HttpParts): RequestHandler {
  const router = express.Router();
  router.use((request: Request, response: Response, next: NextFunction) => {
    refuseLongAccept(request.headers.accept);
    const type = foreignType(request);
    if (type === undefined) return next();
    const message = `A request to GraphQL is application/json, not ${type}.`;
    response.set('Accept-Post', 'application/json');
    refuse(request, response, invalid(message, 'Content-Type'), 415);
  });
  router.use(refuseLarge(parts.bodyBytes), express.json({ limit: parts.bodyBytes }));
  router.use((request: Request, _response: Response, next: NextFunction) => {
    checkSize(request, parts.documentBytes);
    next();
  });
  router.use(parts.direct.handler);
  router.use(expressMiddleware(parts.server, { context: ({ req }) => Promise.resolve(parts.direct.requestFor(req)) }));
  router.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    const fault = refusalOf(error);
    if (fault.code === 'INTERNAL') parts.unforeseen(error, parts.callerOf(request));
    refuse(request, response, fault);
  });
  return router;
}

/** What the body of a request is said to be that is not JSON; undefined for JSON and for no body. */
function foreignType({ headers }: Request): string | undefined {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (!hasBody) return undefined;
  const type = headers['content-type']?.split(';')[0]!.trim().toLowerCase() ?? 'a body without Content-Type';
  return type === 'application/json' ? undefined : type;
}

function checkSize(request: Request, documentBytes: number): void {
  const { query, variables, extensions } = (request.method === 'GET' ? request.query : (request.body ?? {})) as {
    readonly query?: unknown;
    readonly variables?: unknown;
    readonly extensions?: unknown;
  };
  if (typeof query === 'string' && Buffer.byteLength(query) > documentBytes) {
    throw new Fault('TOO_LARGE', `The document is longer than ${documentBytes} bytes.`, { at: 'query' });
  }
  refuseDeep(variables, 'The variables nest', 'variables');
  refuseDeep(extensions, 'The extensions nest', 'extensions');
}

/** What Express says of a body it cannot read. */
function refusalOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const { status, message, body } = error as Error & { readonly status?: unknown; readonly body?: string };
  if (status === 413) return new Fault('TOO_LARGE', 'The request body is too large.');
  if (typeof status === 'number' && status < 500)
    return invalid(`The request body cannot be read: ${message}`, 'body', jsonFaultAt(message, body));
  return internal(error);
}

function refuse(request: Request, response: Response, fault: Fault, status: number = statusOf[fault.code]): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const type = request.headers.accept?.includes('application/graphql-response+json')
    ? 'application/graphql-response+json'
    : 'application/json';
  response
    .status(status)
    .set({ 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': 'no-store' })
    .end(JSON.stringify({ errors: [formattedError(fault)] }));
}
