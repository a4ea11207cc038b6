import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '#schema/errors.js';
import type { OpenApiFacade } from '../rest/open-api-facade.js';
import { problemOf, sendProblem } from '../rest/problem.js';
import { fixed, type Fixed } from './fixed.js';
import { graphiql } from './graphiql.js';
import { livePage } from './live-page.js';
import { swaggerUi } from './swagger-ui.js';

/**
 * Pages for people and the documents behind them, for everybody: `/docs`, `/live`, `/openapi/…`, and `/graphql` when a browser
 * opens it. Answers if the path is one of these; false otherwise. There is no directory: only what is listed exists.
 */
export function pagesFacade({
  openApi,
}: {
  readonly openApi: OpenApiFacade;
}): (request: IncomingMessage, response: ServerResponse) => boolean {
  const listed = Object.entries({ ...swaggerUi(openApi.files), ...graphiql(), ...livePage(), '/docs/icon.svg': icon });
  const answers = new Map(listed.map(([path, source]) => [path, fixed(source)]));
  return (request, response) => {
    const url = request.url!;
    if (url === '/' && opensPage(request)) {
      response.writeHead(302, { Location: '/docs' }).end();
      return true;
    }
    if (!/^\/(docs|openapi|graphql|live)(?![^/?])/.test(url)) return false;
    const path = url.split('?')[0]!.replace(/\/$/, '');
    if (path === '/graphql' && !opensPage(request)) return false;
    const answer = answers.get(path);
    if (answer) answer(request, response);
    else if (path.startsWith('/graphql')) return false;
    else if (!openApi.serve(request, response))
      sendProblem(response, problemOf(new Fault('NOT_FOUND', `There is nothing at ${path}.`)));
    return true;
  };
}

const icon: Fixed = {
  type: 'image/svg+xml',
  content: async () =>
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M2 13V3l12 10V3" fill="none" stroke="#2f6feb" stroke-width="2.5"/></svg>',
};

/** A browser that navigates asks for HTML; clients of GraphQL ask for JSON. */
function opensPage({ method, headers }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && (headers.accept ?? '').includes('text/html');
}
