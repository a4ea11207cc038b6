import type { RequestHandler } from 'express';
import type { Operation } from '../operations/operation.js';
import { fixed } from './pages/fixed.js';

const docsAt = (publicUrl: string): string => `${publicUrl}/docs?document=netweave-v1.json`;

/** What is at `/netweave/v1` itself. */
export function ownRoot(publicUrl: string): RequestHandler {
  return rootIndex({ openApi: `${publicUrl}/openapi/netweave-v1.json`, docs: docsAt(publicUrl) });
}

/** What is at `/trpc` itself. */
export function trpcRoot(publicUrl: string, operations: readonly Operation[]): RequestHandler {
  const procedures = operations.map(({ name }) => name);
  return rootIndex({ client: 'netweave/client', procedures, docs: docsAt(publicUrl) });
}

/** Answers whoever opens the root of an API with where to go on: `links` by name. Everything else is handed on. */
function rootIndex(links: Readonly<Record<string, unknown>>): RequestHandler {
  const answer = fixed({ type: 'application/json', content: async () => JSON.stringify(links) });
  return (request, response, next) => {
    if (request.path !== '/' || !['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return next();
    answer(request, response);
  };
}
