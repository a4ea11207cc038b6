import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { createOpenApiExpressMiddleware } from 'trpc-to-openapi';
import { Fault, internal, invalid } from '#schema/errors.js';
import { jsonFaultAt } from '../json-fault.js';
import { refuseDeep } from '../nesting.js';
import { refuseLarge } from '../refuse-large.js';
import { problemOf, sendProblem, type Problem } from '../rest/problem.js';
import { admit } from './admit.js';
import type { OwnContext, OwnParts } from './answer.js';
import { servedRouter } from './router.js';
import { ownRoutes } from './routes.js';

/** Our own REST API, to be mounted at `ownBase`: the procedures of tRPC for clients that speak plain HTTP. */
export function ownFacade(parts: OwnParts): RequestHandler {
  const routes = ownRoutes(parts.operations);
  const facade = express.Router();
  facade.use(admit(routes), refuseLarge(parts.bodyBytes), readBody(parts.bodyBytes), refuseDeepBody);
  facade.use(
    createOpenApiExpressMiddleware({
      router: servedRouter(routes),
      createContext: ({ req }): OwnContext => ({
        parts,
        caller: parts.callerOf(req),
        url: req.url,
        ifMatch: req.headers['if-match'],
        meta: { status: 500, headers: {} },
      }),
      responseMeta: ({ ctx }) => (ctx as OwnContext | undefined)?.meta ?? {},
    }),
  );
  facade.use(problems(parts));
  return facade;
}

/** The body, read here because the library knows one media type and one status only. It hands on what it finds in `body`. */
function readBody(limit: number): RequestHandler {
  const json = express.json({ limit, type: () => true });
  return (request, response, next) => {
    if (request.method === 'GET' || request.method === 'DELETE') {
      request.body = {};
      return next();
    }
    json(request, response, (error?: unknown) => {
      if (error) return next(error);
      if (Array.isArray(request.body)) return next(invalid('The body must be a JSON object.', 'body'));
      // As one member, so that nothing in it can pass for a parameter of the path.
      request.body = { body: request.body as unknown };
      request.headers['content-type'] = 'application/json';
      next();
    });
  };
}

/** The library reads inputs by recursion, before the gate does. */
const refuseDeepBody: RequestHandler = (request, _response, next) => {
  refuseDeep((request.body as { readonly body?: unknown }).body, 'The body nests', 'body');
  next();
};

function problems(parts: OwnParts): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const problem = problemOfBody(error, parts.bodyBytes);
    if (!problem) parts.unforeseen(error, parts.callerOf(request));
    sendProblem(response, problem ?? problemOf(internal(error)));
  };
}

/** What Express says of a body that cannot be read. */
function problemOfBody(error: unknown, limit: number): Problem | undefined {
  if (error instanceof Fault) return problemOf(error);
  const { status, message, body } = error as {
    readonly status?: number;
    readonly message?: string;
    readonly body?: string;
  };
  if (status === 413)
    return problemOf(new Fault('TOO_LARGE', `The body is larger than ${limit} bytes.`, { at: 'body' }));
  if (status === 415) return { status, detail: `The body cannot be read: ${message}.` };
  if (status !== 400) return undefined;
  return problemOf(invalid(`The body is not JSON: ${message}.`, 'body', jsonFaultAt(message ?? '', body)));
}
