import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestIdHeader, requestIdOf } from './request-id.js';
import { sendProblem, type Problem } from './rest/problem.js';

/** Methods of what can only be read. */
export const readOnly: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** Answers OPTIONS with 204 and `Allow` (decision 002), and what is not allowed with 405; false for what may go on. */
export function otherMethod(request: IncomingMessage, response: ServerResponse, allowed = readOnly): boolean {
  const method = request.method!;
  if (method === 'OPTIONS') {
    response.writeHead(204, { Allow: allowed.join(', '), [requestIdHeader]: requestIdOf(response) }).end();
    return true;
  }
  if (allowed.includes(method)) return false;
  sendProblem(response, notAllowed(method, allowed));
  return true;
}

export function notAllowed(method: string, allowed: readonly string[]): Problem {
  const list = allowed.join(', ');
  return { status: 405, detail: `${method} is not defined here; allowed: ${list}.`, headers: { Allow: list } };
}
