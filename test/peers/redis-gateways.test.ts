import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startOCloud, type OCloud } from '#adapters/simulator/o-cloud/start.js';
import { openGatewayUnderTest, until, type GatewayUnderTest } from '../gateway-under-test.js';
import { startRedis, type RedisServer } from './redis-server.js';

const pools = '/netweave/v1/resourcePools';
let redis: RedisServer;
let oCloud: OCloud;
let gateways: readonly [GatewayUnderTest, GatewayUnderTest];

beforeAll(async () => {
  redis = await startRedis();
  oCloud = await startOCloud({ size: 50 });
  gateways = [await open(), await open()];
});
afterAll(async () => {
  for (const gateway of gateways) await gateway.close();
  await oCloud.close();
  await redis.remove();
});

const open = (fill = 7) =>
  openGatewayUnderTest({
    simulators: { east: { url: oCloud.url } },
    store: { redis: { port: redis.port } },
    yaml: `key: ${Buffer.alloc(32, fill).toString('base64')}\ncallbacks: { test: "off" }`,
  });
const create = (gateway: GatewayUnderTest, name: string) =>
  gateway.send(pools, { method: 'POST', body: { name, description: 'Made by a test' } });
const etags = () => Promise.all(gateways.map(async (gateway) => (await gateway.send(pools)).headers.etag));
const alike = async () => {
  const [one, other] = await etags();
  return one === other;
};

/** What `/readyz?verbose` says of the store, once it says so. */
async function storeLine(gateway: GatewayUnderTest, sign: '+' | '-'): Promise<string> {
  let line = '';
  await until(async () => {
    [line = ''] = (await gateway.send('/readyz?verbose')).text.split('\n');
    return line.startsWith(`[${sign}] store`);
  });
  return line;
}

test('two gateways on one Redis are one: ids, ETags, and what either wrote', async () => {
  const [one, other] = gateways;
  await until(alike);
  const made = await create(one, 'of the first');
  expect(made.status).toBe(201);
  const { id } = JSON.parse(made.text) as { id: string };
  await until(async () => (await other.send(`${pools}/${id}`)).status === 200);
  await until(alike);
});

test('neither lets a callback lead to the other', async () => {
  const [one, other] = gateways;
  const subscribe = (callback: string) =>
    one.send('/netweave/v1/inventorySubscriptions', { method: 'POST', body: { callback } });
  let refusal = '';
  await until(async () => {
    const { status, text } = await subscribe(`${other.url}/hook`);
    refusal = text;
    return status === 422;
  });
  expect(refusal).toContain('a server of this gateway');
  expect((await subscribe('http://127.0.0.1:9/hook')).status).toBe(201);
});

test('one with another key is refused', async () => {
  await expect(open(8)).rejects.toMatchObject({
    message: expect.stringContaining('is of another key'),
    code: 'UNAVAILABLE',
  });
});

test('while Redis is away they answer reads and refuse writes; afterwards all is as before', async () => {
  const [one] = gateways;
  const before = await etags();
  await redis.kill();
  const [read, refused] = [await one.send(pools), await create(one, 'too early')];
  expect([read.status, read.headers.etag]).toStrictEqual([200, before[0]]);
  expect(refused.status).toBe(503);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect(await storeLine(one, '-')).toMatch(/^\[-\] store: away since \d{4}-\S+Z \(The Redis store .*\)$/);
  expect((await one.send('/readyz')).status).toBe(200);
  await redis.start();
  expect(await storeLine(one, '+')).toBe('[+] store: ok');
  await until(async () => (await create(one, 'of the second')).status === 201);
  await until(async () => (await gateways[1].send(pools)).text.includes('of the second'));
  await until(alike);
  expect((await one.send(pools)).text).not.toContain('too early');
});
