import type { IncomingMessage, ServerResponse } from 'node:http';
import { fixed } from '../pages/fixed.js';
import { openApiDocuments } from './open-api.js';
import type { Route } from './routes.js';

/** The OpenAPI documents under `/openapi/`, for everybody. */
export interface OpenApiFacade {
  /** File names: `o2ims-infrastructureInventory-v2.json`. */
  readonly files: readonly string[];
  /** Answers if the path is that of a document; false otherwise. */
  serve(request: IncomingMessage, response: ServerResponse): boolean;
}

export function openApiFacade(routes: readonly Route[], publicUrl: string): OpenApiFacade {
  const documents = Object.entries(openApiDocuments(routes, publicUrl));
  const index = fixed({
    type: 'application/json',
    content: async () => JSON.stringify({ documents: documents.map(([file]) => `/openapi/${file}`) }),
  });
  const answers = new Map(
    documents.map(([file, document]) => [
      `/openapi/${file}`,
      fixed({ type: 'application/json', content: async () => JSON.stringify(document) }),
    ]),
  );
  return {
    files: documents.map(([file]) => file),
    serve(request, response) {
      const path = request.url!.split('?')[0]!;
      const answer = /^\/openapi\/?$/.test(path) ? index : answers.get(path);
      answer?.(request, response);
      return answer !== undefined;
    },
  };
}
