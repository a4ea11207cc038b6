import type { RequestHandler } from 'express';
import { sendProblem } from './rest/problem.js';

const allowed = ['GET', 'HEAD', 'POST'];
const headers = { Allow: [...allowed, 'OPTIONS'].join(', ') };

/** GraphQL and tRPC know these methods of HTTP; what their libraries make of others is not for callers (TRACE breaks one). */
export const getOrPost: RequestHandler = ({ method }, response, next) => {
  if (allowed.includes(method)) next();
  else if (method === 'OPTIONS') response.writeHead(204, headers).end();
  else
    sendProblem(response, {
      status: 405,
      detail: `${method} is not defined here; allowed: ${headers.Allow}.`,
      headers,
    });
};
