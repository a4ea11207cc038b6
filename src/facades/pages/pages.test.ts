import { createServer, request as send, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runInNewContext } from 'node:vm';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { allOperations } from '../../operations/operations.js';
import { openApiFacade } from '../rest/open-api-facade.js';
import { routesOf } from '../rest/routes.js';
import { pagesFacade } from './pages.js';

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const browser = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const openApi = openApiFacade(
  routesOf(allOperations, () => true),
  'https://o2.example',
);
let server: Server;

beforeAll(async () => {
  const pages = pagesFacade({ openApi });
  server = createServer((request, response) => void (pages(request, response) || response.writeHead(418).end()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const sent = send({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

const linksIn = (page: string): string[] => [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!);

describe.each([
  ['/docs', "img-src 'self' data:", '/docs/init.js'],
  ['/graphql', "font-src 'self' data:", '/docs/graphiql/init.js'],
  ['/live', "img-src 'self'; font-src 'self';", '/live/live.js'],
])('the page %s', (path, more, init) => {
  test('comes with all that it needs, and from nowhere else', async () => {
    const page = await ask(path, browser);
    const links = linksIn(page.body.toString());
    const replies = await Promise.all(links.map((link) => ask(link, browser)));
    const script = (await ask(init)).body.toString();

    expect(links.length).toBeGreaterThanOrEqual(4);
    expect(replies.map((reply, index) => [links[index], reply.status])).toEqual(links.map((link) => [link, 200]));
    expect(`${page.body.toString()}${script}`).not.toMatch(/(https?:)?\/\/[a-z0-9]/i);
  });

  test('has a strict policy that it keeps itself', async () => {
    const page = await ask(path, browser);
    const policy = page.headers['content-security-policy']!;

    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(more);
    for (const kind of ['script', 'style', 'connect']) expect(policy).toContain(`; ${kind}-src 'self';`);
    for (const kind of ['base-uri', 'form-action', 'frame-ancestors']) expect(policy).toContain(`; ${kind} 'none'`);
    expect(page.headers['referrer-policy']).toBe('no-referrer');
    expect(policy).not.toContain('unsafe');
    expect(page.body.toString()).toContain('<meta charset="utf-8">');
    expect(page.body.toString()).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]*\ssrc=)/);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  });
});

describe('what is listed', () => {
  test('are the documents, each with a link', async () => {
    const links = linksIn((await ask('/docs/', browser)).body.toString());
    const documents = await Promise.all(openApi.files.map((file) => ask(`/openapi/${file}`)));

    expect(links).toEqual(expect.arrayContaining(openApi.files.map((file) => `/docs?document=${file}`)));
    expect(documents.map((reply) => (JSON.parse(reply.body.toString()) as { openapi: string }).openapi)).toEqual(
      openApi.files.map(() => '3.1.0'),
    );
    expect(documents[0]!.headers['content-type']).toBe('application/json');
  });

  test.each([
    '/docs/nothing.js',
    '/docs/../package.json',
    '/docs/%2e%2e/package.json',
    '/docs/swagger-ui-bundle.js.map',
    '/openapi/nothing.json',
    '/docs/graphiql',
  ])('is all there is: %s is not', async (path) => {
    const reply = await ask(path, browser);

    expect([reply.status, reply.headers['content-type']]).toEqual([404, 'application/problem+json']);
  });

  test.each([
    ['/graphql', {}, 'GET'],
    ['/graphql', browser, 'POST'],
    ['/graphql?query={a}', { Accept: 'application/json' }, 'GET'],
    ['/graphql/more', browser, 'GET'],
    ['/docsify', browser, 'GET'],
    ['/', {}, 'GET'],
  ] as const)('leaves %s to others (%j, %s)', async (path, headers, method) => {
    expect((await ask(path, headers, method)).status).toBe(418);
  });
});

test('a browser that opens / is led to the documentation, and /openapi lists the documents', async () => {
  const root = await ask('/', browser);
  expect([root.status, root.headers['location']]).toEqual([302, '/docs']);
  const { documents } = JSON.parse((await ask('/openapi')).body.toString()) as { documents: readonly string[] };
  expect(documents).toEqual(openApi.files.map((file) => `/openapi/${file}`));
});

describe('the script of /docs', () => {
  /** Runs it as a page would, and says which document it opens and which link it marks. */
  async function opened(search: string): Promise<readonly [string, readonly string[]]> {
    const script = (await ask('/docs/init.js')).body.toString();
    const marked: string[] = [];
    const links = openApi.files.map((file) => ({
      href: `https://host/docs?document=${file}`,
      setAttribute: () => void marked.push(file),
    }));
    let url = '';
    const SwaggerUIBundle = (options: { url: string; validatorUrl: unknown }) => {
      expect(options.validatorUrl).toBeNull();
      url = options.url;
    };
    runInNewContext(script, {
      URLSearchParams,
      SwaggerUIBundle,
      location: { search },
      document: { querySelectorAll: () => links },
    });
    return [url, marked];
  }

  test('opens the document that was asked for, and only one that is there', async () => {
    const [first] = openApi.files;

    expect(await opened('?document=netweave-v1.json')).toEqual(['/openapi/netweave-v1.json', ['netweave-v1.json']]);
    expect(await opened('')).toEqual([`/openapi/${first}`, [first]]);
    expect(await opened('?document=//elsewhere.example/x.json')).toEqual([`/openapi/${first}`, [first]]);
  });
});

describe('a file', () => {
  const path = '/docs/swagger-ui-bundle.js';

  test('is sent compressed, once, and revalidated afterwards', async () => {
    const [plain, packed] = await Promise.all([ask(path), ask(path, { 'Accept-Encoding': 'gzip' })]);
    const again = await ask(path, { 'If-None-Match': plain.headers.etag! });

    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(packed.body.length).toBeLessThan(plain.body.length / 2);
    expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
    expect([again.status, again.body.length, again.headers['cache-control']]).toEqual([304, 0, 'no-cache']);
    expect(plain.headers['x-content-type-options']).toBe('nosniff');
  });

  test('has a HEAD, and no other method', async () => {
    const [head, post] = await Promise.all([ask(path, {}, 'HEAD'), ask(path, {}, 'POST')]);

    expect([head.status, head.body.length, Number(head.headers['content-length']) > 1e6]).toEqual([200, 0, true]);
    expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });
});
