import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { nowhere, openGatewayUnderTest, until, type GatewayUnderTest } from '../gateway-under-test.js';
import { connectLive, type LiveClient } from './live-client.js';

const folder = mkdtempSync(join(tmpdir(), 'netweave-edge-'));
const log = join(folder, 'access.log');
const strangers = 2;

let gateway: GatewayUnderTest;
const open: LiveClient[] = [];

beforeAll(async () => {
  const key = randomBytes(32).toString('base64');
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 2, size: 60, pools: 3, changesPerSecond: 20 } } },
    clients: {
      admin: { roles: ['admin'] },
      reader: { roles: ['reader'] },
      often: { roles: ['reader'], tenant: 'red' },
    },
    yaml: [
      `mode: production\nbehindProxy: true\nkey: ${key}`,
      'limits: { rate: { perSecond: 40, burst: 40, strangersPerSecond: 0.4 }, live: { connectionsPerPrincipal: 3 } }',
      `accessLog: { enabled: true, file: ${log} }`,
    ].join('\n'),
  });
});
afterEach(() => open.splice(0).forEach(({ socket }) => socket.terminate()));
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
  expect(gateway.logged).toEqual([]);
});

async function live(options: Parameters<typeof connectLive>[1]): Promise<LiveClient> {
  const client = await connectLive(gateway, options);
  open.push(client);
  return client;
}

const create = (name: string) =>
  `mutation { createResourcePool(input: { name: "${name}", description: "d" }) { resourcePool { resourcePoolId } } }`;
const answers = (client: LiveClient, id: string) => until(() => client.of(id).length > 0);
const json = async (path: string) =>
  JSON.parse((await gateway.send(path, { as: 'admin' })).text) as { readonly items: readonly Entry[] };

interface Entry {
  readonly requestId: string;
  readonly principal: string;
  readonly name: string;
}
type Refused = readonly [{ readonly extensions: { readonly code: string } }];
interface Line {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
  readonly principal?: string;
  readonly tenant?: string;
}

async function lines(of: string, count: number): Promise<readonly Line[]> {
  let found: readonly Line[] = [];
  await until(() => {
    const text = readFileSync(log, 'utf8').split('\n').filter(Boolean);
    found = text.map((line) => JSON.parse(line) as Line).filter(({ requestId }) => requestId.startsWith(of));
    return found.length >= count;
  });
  return found;
}

// First: who says nothing is charged to the same address.
test('wrong tokens are charged to their address, as over HTTP, and noted', async () => {
  const codes: number[] = [];
  for (let each = 0; each <= strangers; each += 1) {
    const client = await live({ as: `wrong ${each}`, headers: { 'X-Request-Id': `stranger-${each}` } });
    codes.push((await client.ended).code);
  }
  expect(codes).toEqual([4403, 4403, 1013]);
  expect((await gateway.send('/netweave/v1/locations', { as: 'wrong' })).status).toBe(429);
  expect((await lines('stranger-', 3)).map(({ method, status }) => [method, status])).toEqual([
    ['WS', 401],
    ['WS', 401],
    ['WS', 429],
  ]);
});

describe('what a client says', () => {
  const much = 'x'.repeat(10_000);

  test('before it is known who it is must be short', async () => {
    const client = await live({ init: false });
    client.say({ type: 'connection_init', payload: { authorization: 'Bearer reader', much } });
    expect(await client.ended).toEqual({ code: 1009, reason: 'Say first who you are' });
  });

  test('beside the document of a stream is bounded, whether or not the operation knows it', async () => {
    const client = await live({ as: 'reader' });
    client.subscribe('known', 'subscription($s: String) { changes(since: $s) { __typename } }', { s: much });
    client.subscribe('unknown', 'subscription { changes { __typename } }', { much });
    await until(() => client.heard.length === 2);
    for (const id of ['known', 'unknown'])
      expect(client.of(id)).toMatchObject([
        { type: 'error', payload: [{ extensions: { code: 'TOO_LARGE', at: 'variables' } }] },
      ]);
  });
});

describe('an operation on a WebSocket', () => {
  test('may fail without ending the others', async () => {
    const client = await live({ as: 'admin' });
    client.subscribe('s', 'subscription { changes { ... on Change { position } } }');
    client.subscribe('q', `{ resource(id: "${nowhere}") { resourceId } }`);
    await until(() => client.of('q').length === 2);
    expect(client.of('q')).toEqual([
      {
        id: 'q',
        type: 'next',
        payload: {
          data: { resource: null },
          errors: [expect.objectContaining({ path: ['resource'], extensions: { code: 'NOT_FOUND' } })],
        },
      },
      { id: 'q', type: 'complete' },
    ]);
    const told = client.of('s').length;
    await until(() => client.of('s').length > told);
  });

  test('has an id of ours in audit and access log, whatever the client calls it', async () => {
    const client = await live({ as: 'reader', headers: { 'X-Request-Id': 'mine' } });
    const id = 'x'.repeat(128);
    client.subscribe(id, create('forbidden'));
    await answers(client, id);
    client.subscribe('q', '{ resourcePools { totalCount } }');
    await until(() => client.of('q').length === 2);
    client.subscribe('s', 'subscription { changes { ... on Change { position } } }');
    await answers(client, 's');
    client.say({ id: 's', type: 'complete' });
    client.subscribe('n', '{ nothing }');
    const { items } = await json('/netweave/v1/audit');
    expect(items.filter(({ principal }) => principal === 'reader').map(({ requestId }) => requestId)).toEqual([
      'mine.1',
    ]);
    const of = (await lines('mine.', 4)).toSorted((a, b) => a.requestId.localeCompare(b.requestId));
    expect(
      of.map(({ requestId, method, path, status, principal }) => [requestId, method, path, status, principal]),
    ).toEqual([
      ['mine.1', 'WS-MUTATION', '/graphql', 200, 'reader'],
      ['mine.2', 'WS-QUERY', '/graphql', 200, 'reader'],
      ['mine.3', 'WS-SUBSCRIPTION', '/graphql', 200, 'reader'],
      ['mine.4', 'WS', '/graphql', 400, 'reader'],
    ]);
    expect(of[1]!.bytes).toBe('{"data":{"resourcePools":{"totalCount":3}}}'.length);
    expect(of[2]!.bytes).toBeGreaterThan(0);
  });

  test('is charged like a request', async () => {
    const client = await live({ as: 'often' });
    const asked = Array.from({ length: 400 }, (_, each) => `q${each}`);
    for (const id of asked) client.subscribe(id, '{ nothing }');
    await answers(client, 'q399');
    const codes = asked.map((id) => (client.of(id)[0]!.payload as Refused)[0].extensions.code);
    // Which ones, depends on how fast the machine is.
    expect(new Set(codes)).toEqual(new Set(['GRAPHQL_VALIDATION_FAILED', 'RATE_LIMITED']));
  });
});

test('nothing is run for who was sent away', async () => {
  for (let each = 0; each < 3; each += 1) await live({ as: 'admin' });
  const fourth = await live({ init: false });
  // It does not hear that it is sent away, and goes on.
  fourth.socket.pause();
  fourth.say({ type: 'connection_init', payload: { authorization: 'Bearer admin' } });
  for (let each = 0; each < 5; each += 1) {
    fourth.subscribe(`m${each}`, create('from one sent away'));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const pools = await json('/netweave/v1/resourcePools?filter=(eq,name,from%20one%20sent%20away)');
  expect(pools.items).toEqual([]);
  fourth.socket.resume();
  expect(await fourth.ended).toMatchObject({ code: 1013 });
});

test.each([
  ['/netweave/v1/resourcePools'],
  ['/trpc/resourcePools.list?input=%7B%7D'],
  ['/graphql?query=%7BoClouds%7BtotalCount%7D%7D'],
  ['/metrics'],
  ['/livez'],
  ['/o2ims-infrastructureInventory/v2/resourceTypes'],
  ['/netweave/v1/nothing'],
])('the access log knows how long the body was: %s', async (path) => {
  const id = `long-${path.replaceAll(/\W/g, '').slice(0, 20)}`;
  const { text } = await gateway.send(path, { as: 'admin', headers: { 'X-Request-Id': id } });
  expect(text.length).toBeGreaterThan(0);
  const [line] = await lines(id, 1);
  expect(line!.bytes).toBe(Buffer.byteLength(text));
});

test('the access log names the tenant of who has one', async () => {
  for (const as of ['often', 'admin'])
    await gateway.send('/netweave/v1/locations', { as, headers: { 'X-Request-Id': `of-${as}` } });
  expect((await lines('of-', 2)).map(({ principal, tenant }) => [principal, tenant])).toEqual([
    ['often', 'red'],
    ['admin', undefined],
  ]);
});
