import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.js';
import { freePort } from './peers/free-port.js';

const pools = '/netweave/v1/resourcePools';
let made = 0;
const pool = () => ({ name: `pool ${(made += 1)}`, description: 'y' });
const console1 = 'http://console.example';

let gateway: GatewayUnderTest;
/** As developers run it: without tokens, so that everybody may call. */
beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 3, size: 40, pools: 5, changesPerSecond: 0 } } },
    yaml: `publicUrl: https://o-cloud.example/\ncors: { origins: ['${console1}'] }`,
  });
});
afterAll(() => gateway.close());

const write = (headers: Record<string, string>) => gateway.send(pools, { method: 'POST', headers, body: pool() });
const detail = (text: string) => (JSON.parse(text) as { readonly detail: string }).detail;

describe('without tokens, who may call is this machine and not every page it opens', () => {
  test.each(['evil.example.com', 'evil.example.com:8080', '127.0.0.1.evil.example.com', 'localhost.evil.example'])(
    'a name that leads here is not ours: %s',
    async (Host) => {
      const reply = await write({ Host, Origin: `http://${Host}` });
      expect([reply.status, detail(reply.text)]).toEqual([403, expect.stringMatching(/set publicUrl .* tokens\.$/)]);
      for (const path of ['/o2ims-infrastructureInventory/v2/', pools, '/metrics', '/docs', '/livez'])
        expect([path, (await gateway.send(path, { headers: { Host } })).status]).toEqual([path, 403]);
      const { status, text } = await gateway.send('/graphql', { method: 'POST', headers: { Host }, body: {} });
      expect([status, JSON.parse(text)]).toMatchObject([403, { errors: [{ extensions: { code: 'FORBIDDEN' } }] }]);
    },
  );

  test.each([
    'localhost',
    'LOCALHOST:1',
    '127.0.0.1:80',
    '127.1.2.3',
    '[::1]:8080',
    'o-cloud.example',
    'O-Cloud.Example:9',
  ])('ours is %s', async (Host) => {
    expect((await gateway.send(pools, { headers: { Host } })).status).toBe(200);
  });

  test.each(['http://evil.example.com', 'http://localhost:3000', 'null', 'https://console.example'])(
    'a page of %s may not write',
    async (Origin) => {
      const reply = await write({ Origin });
      expect([reply.status, detail(reply.text)]).toEqual([403, expect.stringMatching(/add it to cors\.origins/)]);
      for (const path of ['/graphql', '/trpc/resourcePools.create'])
        expect((await gateway.send(path, { method: 'POST', headers: { Origin }, body: {} })).status).toBe(403);
      expect((await gateway.send(pools, { headers: { Origin } })).status).toBe(200);
    },
  );

  test('our own pages may, and those that CORS allows, and who is no page', async () => {
    const Host = 'localhost:8080';
    for (const Origin of ['http://localhost:8080', 'https://o-cloud.example', console1])
      expect([Origin, (await write({ Host, Origin })).status]).toEqual([Origin, 201]);
    expect((await write({ Host })).status).toBe(201);
  });

  test('who has a token is asked neither', async () => {
    const other = await openGatewayUnderTest({ clients: { admin: { roles: ['admin'] } } });
    const headers = { Host: 'o-cloud.example', Origin: 'http://evil.example.com' };
    expect((await other.send(pools, { as: 'admin', headers })).status).toBe(200);
    expect((await other.send(pools, { as: 'admin', method: 'POST', headers, body: pool() })).status).toBe(501);
    await other.close();
  });
});

describe('what can only be read', () => {
  test.each(['/livez', '/readyz', '/metrics', '/docs', '/openapi/', '/docs/swagger-ui.css'])('%s', async (path) => {
    const allow = 'GET, HEAD, OPTIONS';
    for (const method of ['POST', 'PUT', 'DELETE', 'TRACE']) {
      const { status, headers } = await gateway.send(path, { method });
      expect([method, status, headers['allow']]).toEqual([method, 405, allow]);
      expect(headers['content-type']).toBe('application/problem+json');
    }
    const asked = await gateway.send(path, { method: 'OPTIONS' });
    expect([asked.status, asked.text, asked.headers['allow']]).toEqual([204, '', allow]);
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST']) {
      const { headers } = await gateway.send(`${path}?x=1`, { method, headers: { 'X-Request-Id': 'mine' } });
      expect([method, headers['x-request-id']]).toEqual([method, 'mine']);
    }
    expect((await gateway.send(`${path}?x=1`)).status).toBe(200);
  });

  test('OPTIONS * asks the gateway as a whole', async () => {
    const { status, headers, text } = await gateway.send('*', { method: 'OPTIONS' });
    expect([status, text, headers['allow']]).toEqual([204, '', 'GET, HEAD, POST, PATCH, DELETE, OPTIONS']);
    expect(headers['x-request-id']).toMatch(/./);
  });

  test('a port of its own answers the same way', async () => {
    const port = await freePort();
    const other = await openGatewayUnderTest({ yaml: `metrics: { listen: { port: ${port} } }` });
    for (const path of ['/livez', '/metrics', '/nothing']) {
      const { status, headers } = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST' });
      expect([path, status]).toEqual([path, path === '/nothing' ? 404 : 405]);
      expect(headers.get('x-request-id')).toMatch(/./);
    }
    await other.close();
  });
});

describe('GraphQL at its path and no other', () => {
  test.each(['PUT', 'DELETE', 'TRACE'])('%s is refused as GraphQL refuses', async (method) => {
    const { status, headers, text } = await gateway.send('/graphql', { method });
    expect([status, headers['allow']]).toEqual([405, 'GET, HEAD, POST, OPTIONS']);
    expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    const trpc = await gateway.send('/trpc/oClouds.get', { method });
    expect([trpc.status, JSON.parse(trpc.text)]).toMatchObject([405, { error: { data: { code: 'INVALID' } } }]);
  });

  test('a path below it is nothing', async () => {
    const body = { query: '{ oCloud { name } }' };
    for (const [path, status] of [
      ['/graphql', 200],
      ['/graphql/', 200],
      ['/graphql/x', 404],
      ['/graphqlx', 404],
    ] as const)
      expect([path, (await gateway.send(path, { method: 'POST', body })).status]).toEqual([path, status]);
  });
});

test('who asks for the root is told where to go on, and a browser is sent there', async () => {
  const { status, text } = await gateway.send('/');
  const { code, detail: said } = JSON.parse(text) as { readonly code: string; readonly detail: string };
  expect([status, code]).toEqual([404, 'NOT_FOUND']);
  const paths = said.match(/\/[a-z][\w/-]+(?= \()/g)!;
  expect(paths).toEqual(expect.arrayContaining(['/o2ims-infrastructureInventory/v2', '/graphql', '/docs', '/metrics']));
  for (const path of paths) {
    const { status: there } = await gateway.send(path, { headers: { Accept: 'text/html, application/json' } });
    expect([path, there]).toEqual([path, 200]);
  }
  const page = await gateway.send('/', { headers: { Accept: 'text/html' } });
  expect([page.status, page.headers['location']]).toEqual([302, '/docs']);
});
