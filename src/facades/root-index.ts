import type { RequestHandler } from 'express';
import { fixed } from './pages/fixed.js';

/** Answers whoever opens the root of an API with where to go on: `links` by name. Everything else is handed on. */
export function rootIndex(links: Readonly<Record<string, unknown>>): RequestHandler {
  const answer = fixed({ type: 'application/json', content: async () => JSON.stringify(links) });
  return (request, response, next) => {
    if (request.path !== '/' || !['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return next();
    answer(request, response);
  };
}
