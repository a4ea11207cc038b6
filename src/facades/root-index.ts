import type { RequestHandler } from 'express';
import type { Operation } from '../operations/operation.js';
import { fixed } from './pages/fixed.js';

/** What is at the roots of our own APIs, which begin nothing themselves. */
export function rootsOf(publicUrl: string, operations: readonly Operation[]) {
  const docs = `${publicUrl}/docs?document=netweave-v1.json`;
  return {
    own: rootIndex({ openApi: `${publicUrl}/openapi/netweave-v1.json`, docs }),
    trpc: rootIndex({ client: 'netweave/client', procedures: operations.map(({ name }) => name), docs }),
  };
}

/** Answers whoever opens the root of an API with where to go on: `links` by name. Everything else is handed on. */
function rootIndex(links: Readonly<Record<string, unknown>>): RequestHandler {
  const answer = fixed({ type: 'application/json', content: async () => JSON.stringify(links) });
  return (request, response, next) => {
    if (request.path !== '/' || !['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return next();
    answer(request, response);
  };
}
