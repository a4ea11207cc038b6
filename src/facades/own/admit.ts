import type { Request, RequestHandler, Response } from 'express';
import { invalid } from '#schema/errors.js';
import { otherMethod } from '../methods.js';
import { acceptsJson } from '../rest/headers.js';
import { sendProblem, type Problem } from '../rest/problem.js';
import { methodsAt, type OwnRoute } from './routes.js';

/** Media types of a body by method; a merge-patch (RFC 7396) of a flat resource is what PATCH takes anyway. */
const bodyTypes: Readonly<Record<string, readonly string[]>> = {
  POST: ['application/json'],
  PATCH: ['application/merge-patch+json', 'application/json'],
};

/** `.` and `..`, which the library takes for a step in the path, and not for an id. */
const steps = /\/(\.|%2e){1,2}(\/|$)/i;

/** Lets in what the library can serve: answers 404, 405, 406, 415 and OPTIONS itself, and turns HEAD into GET. */
export function admit(routes: readonly OwnRoute[]): RequestHandler {
  return (request, response, next) => {
    const refused = refusalOf(routes, request, response);
    if (refused === 'answered') return;
    if (refused) return sendProblem(response, refused, request.method !== 'HEAD');
    // Node has noted that this answer has no body; the library knows GET alone.
    if (request.method === 'HEAD') request.method = 'GET';
    next();
  };
}

function refusalOf(
  routes: readonly OwnRoute[],
  request: Request,
  response: Response,
): Problem | 'answered' | undefined {
  const path = request.path.replace(/(?<=.)\/$/, '');
  const methods: readonly string[] = methodsAt(routes, path);
  if (methods.length === 0 || steps.test(path))
    return {
      status: 404,
      detail: `There is nothing at ${request.baseUrl}${request.path}.`,
      members: { code: 'NOT_FOUND' },
    };
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
  if (otherMethod(request, response, allow)) return 'answered';
  const { accept, host } = request.headers;
  if (!acceptsJson(accept)) return { status: 406, detail: `Only application/json is served, not ${accept}.` };
  if (!URL.canParse(`http://${host}`)) throw invalid('The Host header names no host.', 'Host');
  return unsupportedBody(request);
}

function unsupportedBody({ method, headers }: Request): Problem | undefined {
  const taken = bodyTypes[method];
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (!taken || !hasBody) return undefined;
  const type = headers['content-type']?.split(';')[0]!.trim().toLowerCase();
  if (type !== undefined && taken.includes(type)) return undefined;
  const detail = `${method} takes ${taken.join(' or ')}, not ${type ?? 'a body without Content-Type'}.`;
  return { status: 415, detail, headers: { [`Accept-${method === 'PATCH' ? 'Patch' : 'Post'}`]: taken.join(', ') } };
}
