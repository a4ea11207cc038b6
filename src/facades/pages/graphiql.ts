import { contentSecurityPolicy, html } from './html.js';
import type { Fixed } from './fixed.js';
import { packaged } from './packaged.js';

const js = 'text/javascript; charset=utf-8';
const base = '/docs/graphiql';

const page = html({
  title: 'netweave: GraphQL',
  styles: [`${base}/graphiql.css`, `${base}/page.css`],
  scripts: [`${base}/react.js`, `${base}/react-dom.js`, `${base}/graphiql.js`, `${base}/init.js`],
  body: '<div id="graphiql"></div>',
});

const firstQuery = `{
  resourcePools(first: 10) {
    totalCount
    nodes {
      name
      resourceCount
      site { name }
    }
  }
}
`;

const init = `'use strict';
const defaultQuery = ${JSON.stringify(firstQuery)};
const subscriptionUrl = location.origin.replace(/^http/, 'ws') + '/graphql';
const fetcher = GraphiQL.createFetcher({ url: '/graphql', subscriptionUrl });
ReactDOM.createRoot(document.getElementById('graphiql')).render(React.createElement(GraphiQL, { fetcher, defaultQuery, defaultEditorToolsVisibility: 'headers' }));
`;

const style = 'body { margin: 0; }\n#graphiql { height: 100vh; }\n';

/** GraphiQL for browsers that open `/graphql`: by path, everything that the page needs. */
export function graphiql(): Readonly<Record<string, Fixed>> {
  const headers = {
    'Content-Security-Policy': contentSecurityPolicy({ font: ' data:' }),
    'Referrer-Policy': 'no-referrer',
  };
  const css = 'text/css; charset=utf-8';
  return {
    '/graphql': { type: 'text/html; charset=utf-8', content: async () => page, headers },
    [`${base}/init.js`]: { type: js, content: async () => init },
    [`${base}/page.css`]: { type: css, content: async () => style },
    [`${base}/react.js`]: { type: js, content: packaged('react', 'umd/react.production.min.js') },
    [`${base}/react-dom.js`]: { type: js, content: packaged('react-dom', 'umd/react-dom.production.min.js') },
    [`${base}/graphiql.js`]: { type: js, content: packaged('graphiql', 'graphiql.min.js') },
    [`${base}/graphiql.css`]: { type: css, content: packaged('graphiql', 'graphiql.min.css') },
  };
}
