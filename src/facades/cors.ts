import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestIdHeader, requestIdOf } from './request-id.js';

/** Origins whose pages may call (`*` for all, without credentials). */
export interface Cors {
  readonly origins: readonly string[];
  readonly credentials: boolean;
}

const allowed =
  'Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID, Version, X-Request-Id, X-Netweave-At-Least, Apollo-Require-Preflight';
const exposed =
  'Age, Allow, ETag, Link, Location, Retry-After, Version, X-Netweave-Incomplete, X-Netweave-Position, X-Request-Id';

/** Whether a page of this origin may call. */
export function originAllowed(cors: Cors, origin: string): boolean {
  return cors.origins.includes('*') || cors.origins.includes(origin);
}

/** Sets the headers of CORS (Fetch standard 3.2); answers a preflight itself and returns false then. */
export function allowOrigin(cors: Cors, request: IncomingMessage, response: ServerResponse): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return true;
  const preflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
  response.appendHeader('Vary', 'Origin');
  if (originAllowed(cors, origin)) {
    response.setHeader(
      'Access-Control-Allow-Origin',
      cors.credentials ? origin : cors.origins.includes('*') ? '*' : origin,
    );
    response.setHeader('Access-Control-Expose-Headers', exposed);
    if (cors.credentials) response.setHeader('Access-Control-Allow-Credentials', 'true');
    if (preflight) {
      response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, PATCH, DELETE');
      response.setHeader('Access-Control-Allow-Headers', allowed);
      response.setHeader('Access-Control-Max-Age', '600');
    }
  }
  if (!preflight) return true;
  response.writeHead(204, { [requestIdHeader]: requestIdOf(response) }).end();
  return false;
}
