import { contentSecurityPolicy, html } from './html.js';
import type { Fixed } from './fixed.js';
import { packaged } from './packaged.js';

const css = 'text/css; charset=utf-8';
const js = 'text/javascript; charset=utf-8';

/** Swagger UI at `/docs`, with a link for every document: by path, everything that the page needs. */
export function swaggerUi(files: readonly string[]): Readonly<Record<string, Fixed>> {
  const links = files.map((file) => `<a href="/docs?document=${file}">${file.replace('.json', '')}</a>`).join(' ');
  const page = html({
    title: 'netweave: interfaces',
    styles: ['/docs/swagger-ui.css', '/docs/page.css'],
    scripts: ['/docs/swagger-ui-bundle.js', '/docs/init.js'],
    body: `<nav>${links} <a href="/graphql">GraphQL</a></nav><main id="swagger-ui"></main>`,
  });
  const init = `'use strict';
const documents = ${JSON.stringify(files)};
const asked = new URLSearchParams(location.search).get('document');
const file = documents.includes(asked) ? asked : documents[0];
for (const link of document.querySelectorAll('nav a')) if (link.href.endsWith(file)) link.setAttribute('aria-current', 'page');
SwaggerUIBundle({ url: '/openapi/' + file, dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null });
`;
  const style = `nav { padding: 0.75rem 1.25rem; background: #1b1b1b; font-family: sans-serif; }
nav a { color: #fff; margin-right: 1.25rem; }
nav a[aria-current] { font-weight: bold; text-decoration: none; }
body { margin: 0; }
`;
  const headers = {
    'Content-Security-Policy': contentSecurityPolicy({ img: ' data:' }),
    'Referrer-Policy': 'no-referrer',
  };
  return {
    '/docs': { type: 'text/html; charset=utf-8', content: async () => page, headers },
    '/docs/init.js': { type: js, content: async () => init },
    '/docs/page.css': { type: css, content: async () => style },
    '/docs/swagger-ui-bundle.js': { type: js, content: packaged('swagger-ui-dist', 'swagger-ui-bundle.js') },
    '/docs/swagger-ui.css': { type: css, content: packaged('swagger-ui-dist', 'swagger-ui.css') },
  };
}
