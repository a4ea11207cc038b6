import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startOCloud, type OCloud } from '#adapters/simulator/o-cloud/start.js';
import { openGatewayUnderTest, until, type GatewayUnderTest } from '../gateway-under-test.js';
import { startRedis, type RedisServer } from './redis-server.js';
import { sharedYaml, textOf, watched } from './two-gateways.js';

let redis: RedisServer;
let oCloud: OCloud;
const open: GatewayUnderTest[] = [];

beforeAll(async () => {
  redis = await startRedis();
  oCloud = await startOCloud({ size: 20 });
});
afterAll(async () => {
  for (const gateway of open) await gateway.close();
  await oCloud?.close();
  await redis?.remove();
});

test('one process reads backends, another one answers clients', async () => {
  const start = async (runs: string): Promise<GatewayUnderTest> => {
    const yaml = `${sharedYaml}\nruns: ${runs}\nmetrics: { listen: { port: 0 } }`;
    const store = { redis: { port: redis.port } };
    const gateway = await openGatewayUnderTest({ simulators: { east: { url: oCloud.url } }, store, yaml });
    open.push(gateway);
    return gateway;
  };
  const watcher = await start('watch');
  const api = await start('[api, deliver]');
  expect(await watched(watcher.url)).toBe(1);
  expect(await textOf(`${watcher.url}/readyz`)).toContain('ok');
  expect((await watcher.send('/netweave/v1/resourcePools')).status).toBe(404);
  const made = await api.send('/netweave/v1/resourcePools', { method: 'POST', body: { name: 'p', description: 'd' } });
  expect(made.status).toBe(201);
  await watcher.close();
  open.shift();
  const incomplete = async () => (await api.send('/netweave/v1/resourcePools')).headers['x-netweave-incomplete'];
  await until(async () => (await incomplete()) === 'east');
});
