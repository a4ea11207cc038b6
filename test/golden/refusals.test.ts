import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openFleet, type Fleet } from '#test/fleet.js';
import { nowhere, openGatewayUnderTest, until, type GatewayUnderTest } from '#test/gateway-under-test.js';
import { freePort } from '#test/peers/free-port.js';
import { majors } from './attributes.js';
import { base, fill, type Reply } from './client.js';
import { bodyLimit, refusalFaults, refusals, waits } from './problems.js';
import { notFound, routes, spellings } from './routes.js';

const newest = { v1: '1.2.0', v2: '2.0.0' } as const;
const families = majors.flatMap((major) => spellings.map((spelling) => ({ major, prefix: base(major, spelling) })));
const clients = { everything: { roles: ['admin'] }, nothing: { roles: ['monitor'] }, reader: { roles: ['reader'] } };

/** Of a gateway that is not as far as those under test are. */
async function ask(target: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(target, { ...init, headers: { ...init.headers, connection: 'close' } });
  return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
}

describe('who may not', () => {
  let gateway: GatewayUnderTest;
  beforeAll(async () => {
    gateway = await openGatewayUnderTest({ clients, yaml: `limits: { bodyBytes: ${bodyLimit} }` });
  });
  afterAll(() => gateway.close());

  describe.each(families)('$prefix', ({ major, prefix }) => {
    test.each(refusals)(
      '§4 $status for $why: $method $path',
      async ({ path, method, as, headers, body, ...refusal }) => {
        const given = { method, as, headers, body };
        const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        const reply = await gateway.send(prefix + fill(path, { unknown: nowhere }), said);
        expect(refusalFaults(reply, refusal, newest[major])).toEqual([]);
      },
    );

    test('§4 413 for a body that does not say how long it is', async () => {
      const { url } = gateway;
      const text = JSON.stringify({ callback: 'http://127.0.0.1:9/', filter: 'x'.repeat(bodyLimit) });
      const reply = await ask(`${url}${prefix}/subscriptions`, {
        method: 'POST',
        headers: { Authorization: 'Bearer everything', 'Content-Type': 'application/json' },
        body: new Blob([text]).stream(),
        duplex: 'half',
      } as RequestInit);
      const refusal = { status: 413, code: 'TOO_LARGE', at: 'body', version: true };
      expect(refusalFaults(reply, refusal, newest[major])).toEqual([]);
    });
  });

  test('§1.2, §4 HEAD is refused without a body', async () => {
    for (const [as, status] of [
      [undefined, 401],
      ['nothing', 403],
    ] as const) {
      const reply = await gateway.send(`${base('v2')}/resourcePools`, { method: 'HEAD', ...(as && { as }) });
      expect([reply.status, reply.text, reply.headers['content-type']]).toEqual([
        status,
        '',
        'application/problem+json',
      ]);
    }
  });
});

describe('where everybody may call', () => {
  let gateway: GatewayUnderTest;
  beforeAll(async () => {
    gateway = await openGatewayUnderTest({});
  });
  afterAll(() => gateway.close());

  test.each(families)('§4, §5 $prefix: 403 for a web page and a foreign name, 401 for a token', async ({ prefix }) => {
    const target = `${prefix}/subscriptions`;
    const refused = { status: 403, code: 'FORBIDDEN', version: false };
    const page = { method: 'POST', headers: { Origin: 'http://evil.example' }, body: {} };
    expect(refusalFaults(await gateway.send(target, page), { ...refused, at: 'Origin' }, '')).toEqual([]);
    const named = await gateway.send(target, { headers: { Host: 'evil.example' } });
    expect(refusalFaults(named, { ...refused, at: 'Host' }, '')).toEqual([]);
    const unknown = {
      status: 401,
      code: 'UNAUTHENTICATED',
      carries: { 'www-authenticate': /^Bearer\b/ },
      version: false,
    };
    expect(refusalFaults(await gateway.send(target, { as: 'nobody' }), unknown, '')).toEqual([]);
  });
});

describe('who asks too often', () => {
  let gateway: GatewayUnderTest;
  beforeAll(async () => {
    const rate = '{ perSecond: 0.001, burst: 1, strangersPerSecond: 0.001 }';
    const key = randomBytes(32).toString('base64');
    const yaml = `mode: production\nbehindProxy: true\nkey: ${key}\nlimits: { rate: ${rate} }`;
    gateway = await openGatewayUnderTest({ clients, yaml });
    expect((await gateway.send(`${base('v2')}/resourcePools`, { as: 'everything' })).status).toBe(200);
    expect((await gateway.send(`${base('v2')}/resourcePools`, { as: 'nobody' })).status).toBe(401);
  });
  afterAll(() => gateway.close());

  const limited = { status: 429, code: 'RATE_LIMITED', carries: waits, version: false };

  test.each(families)('§1.2, §4 $prefix: 429 with Retry-After, whatever it asks', async ({ major, prefix }) => {
    const paths = [...routes, ...notFound].map(({ path }) => path).filter((path) => !/\{(?!unknown)/.test(path));
    for (const as of ['everything', 'nobody'])
      for (const path of [...paths, '/api_versions', '/resourcePools?filter=garbage', '/subscriptions']) {
        const reply = await gateway.send(prefix + fill(path, { unknown: nowhere }), { as });
        expect([as, path, refusalFaults(reply, limited, newest[major])]).toEqual([as, path, []]);
      }
    const made = await gateway.send(`${prefix}/subscriptions`, { as: 'everything', method: 'POST', body: {} });
    expect(refusalFaults(made, limited, newest[major])).toEqual([]);
  });
});

describe('what is not there yet', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    const away = { key: 'away', type: 'simulator', options: { url: `http://127.0.0.1:${await freePort()}` } };
    fleet = await openFleet({ backends: [away], yaml: 'firstSyncTimeout: 1h' });
  });
  afterAll(() => fleet.close());

  const absent = { status: 503, code: 'UNAVAILABLE', carries: waits, version: true };
  const objects = ['resourceTypes', 'resourcePools', 'deploymentManagers', 'locations', 'oCloudSites'];

  test.each(families)('§4 $prefix: 503 with Retry-After, lists are as far as they are read', async (family) => {
    const { major, prefix } = family;
    const one = objects.map((path) => `/${path}/${nowhere}`);
    const below = ['', `/${nowhere}`].map((path) => `/resourcePools/${nowhere}/resources${path}`);
    for (const path of [...one, ...below]) {
      const reply = await ask(fleet.url + prefix + path);
      expect([path, refusalFaults(reply, absent, newest[major])]).toEqual([path, []]);
    }
    for (const path of objects) {
      const { status, headers } = await ask(`${fleet.url}${prefix}/${path}`);
      expect([path, status, headers['x-netweave-incomplete']]).toEqual([path, 200, 'away']);
    }
  });
});

test('§4 503 with Retry-After while the gateway is starting', async () => {
  const [port, redis] = [await freePort(), await freePort()];
  const started = openFleet({
    store: { redis: { port: redis, startTimeout: '8s' } },
    yaml: `listen: { port: ${port} }\nkey: ${randomBytes(32).toString('base64')}\nlimits: { deadline: 50ms }`,
  }).then(
    () => 'started',
    (fault: Error) => fault.message,
  );
  const url = `http://127.0.0.1:${port}`;
  const listening = () =>
    fetch(`${url}/livez`).then(
      () => true,
      () => false,
    );
  let over: string | undefined;
  void started.then((how) => (over = how));
  await until(async () => over !== undefined || (await listening()));
  expect(over).toBeUndefined();
  const targets = families.flatMap(({ prefix }) => ['/resourcePools', '/'].map((path) => url + prefix + path));
  const replies = await Promise.all(targets.map((target) => ask(target)));
  const starting = { status: 503, carries: waits, version: false };
  expect(replies.map((reply) => refusalFaults(reply, starting, ''))).toEqual(targets.map(() => []));
  expect(await started).toMatch(/Redis/);
}, 60_000);
