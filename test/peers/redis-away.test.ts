import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startOCloud, type OCloud } from '#adapters/simulator/o-cloud/start.js';
import { startProcess, type GatewayProcess } from '../gateway-process.js';
import { configurationOf, until } from '../gateway-under-test.js';
import { startRedis, type RedisServer } from './redis-server.js';

/** By hand a minute: `NETWEAVE_REDIS_AWAY=60 npm run test:peers -- redis-away`. */
const away = Number(process.env['NETWEAVE_REDIS_AWAY'] ?? 15) * 1000;
const readsPerSecond = 100;
const writesPerSecond = 2;
/** Milliseconds, as promised. */
const longestWait = 2000;
/** Of resident memory while the store is away. Collections come when V8 wants; what each request left would be far more. */
const mostGrowth = 32 * 1024 * 1024;

const pools = '/netweave/v1/resourcePools';
let made = 0;
const pool = () => JSON.stringify({ name: `made-${(made += 1)}`, description: 'Made by a test' });
let redis: RedisServer;
let oCloud: OCloud;
let gateway: GatewayProcess;

beforeAll(async () => {
  redis = await startRedis();
  oCloud = await startOCloud({ size: 500 });
  const config = join(redis.folder, 'gateway.yaml');
  const key = `key: ${Buffer.alloc(32, 7).toString('base64')}`;
  const setup = { simulators: { east: { url: oCloud.url } }, store: { redis: { port: redis.port } }, yaml: key };
  writeFileSync(config, configurationOf(setup));
  gateway = await startProcess(redis.folder, '--config', config);
  await until(async () => (await (await fetch(`${gateway.url}/readyz?verbose`)).text()).includes('[+] backend east'));
});
afterAll(async () => {
  gateway?.signal('SIGTERM');
  await gateway?.ended;
  await oCloud.close();
  await redis.remove();
});

interface Asked {
  /** 0: nobody answered. */
  readonly status: number;
  readonly retryAfter: number;
  readonly milliseconds: number;
}

/** Asks at an even pace, whatever becomes of what was asked before. */
function asking(method: 'GET' | 'POST', paths: readonly string[], perSecond: number) {
  const agent = new Agent({ keepAlive: true });
  const asked: Promise<Asked>[] = [];
  const began = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - began) * perSecond) / 1000;
    while (asked.length < due) asked.push(one(agent, method, paths[asked.length % paths.length]!));
  }, 10);
  return async (): Promise<readonly Asked[]> => {
    clearInterval(timer);
    const all = await Promise.all(asked);
    agent.destroy();
    return all;
  };
}

function one(agent: Agent, method: 'GET' | 'POST', path: string): Promise<Asked> {
  const began = performance.now();
  return new Promise((resolve) => {
    const end = (status: number, retryAfter = NaN) =>
      resolve({ status, retryAfter, milliseconds: performance.now() - began });
    const headers = { 'Content-Type': 'application/json' };
    const sent = request(gateway.url + path, { agent, method, headers }, (response) => {
      response.on('error', () => end(0));
      response.on('end', () => end(response.statusCode!, Number(response.headers['retry-after'])));
      response.resume();
    });
    sent.on('error', () => end(0));
    sent.end(method === 'POST' ? pool() : undefined);
  });
}

const resident = () => {
  const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))!;
  return Number(kib) * 1024;
};

/** Reads and writes for so long; how much memory the gateway had meanwhile, five times a second. */
async function load(milliseconds: number) {
  const { items } = (await (await fetch(gateway.url + pools)).json()) as { items: { resourcePoolId: string }[] };
  const paths = [
    pools,
    `${pools}/${items[0]!.resourcePoolId}`,
    '/o2ims-infrastructureInventory/v2/resourcePools?filter=(cont,name,o)',
    '/netweave/v1/resources?first=50',
    `/graphql?query=${encodeURIComponent('{ resourcePools(first: 3) { nodes { id name } } }')}`,
  ];
  const [reads, writes] = [asking('GET', paths, readsPerSecond), asking('POST', [pools], writesPerSecond)];
  const memory: number[] = [];
  for (const end = performance.now() + milliseconds; performance.now() < end; await sleep(200)) memory.push(resident());
  return { reads: await reads(), writes: await writes(), memory };
}

const statuses = (all: readonly Asked[]) => [...new Set(all.map(({ status }) => status))].sort();
const longest = (all: readonly Asked[]) => Math.max(...all.map(({ milliseconds }) => milliseconds));
const mean = (all: readonly number[]) => all.reduce((sum, each) => sum + each, 0) / all.length;
const inMiB = (bytes: number) => Math.round(bytes / 1024 / 1024);

test.each([
  ['was killed', () => redis.kill(), () => redis.start()],
  ['hangs', () => redis.pause(), () => redis.resume()],
] as const)('while Redis %s reads are answered, writes refused in time, and memory stays', async (what, go, come) => {
  expect(statuses((await load(5000)).writes)).toStrictEqual([201]);
  await go();
  const { reads, writes, memory } = await load(away).finally(come);
  const answered = reads.filter(({ status }) => status === 200).length;
  const third = Math.floor(memory.length / 3);
  const growth = mean(memory.slice(-third)) - mean(memory.slice(0, third));
  const [read, write] = [reads, writes].map((all) => `longest ${Math.round(longest(all))} ms`);
  console.log(
    `Redis ${what} ${away / 1000} s: ${answered} of ${reads.length} reads answered, ${read}; ${writes.length} writes ` +
      `refused, ${write}; ${inMiB(memory[0]!)} to ${inMiB(memory.at(-1)!)} MiB resident, ${inMiB(growth)} MiB more`,
  );
  expect(answered / reads.length).toBeGreaterThanOrEqual(0.99);
  expect(statuses(writes)).toStrictEqual([503]);
  expect(writes.filter(({ retryAfter }) => !(retryAfter > 0))).toStrictEqual([]);
  expect(longest([...reads, ...writes])).toBeLessThan(longestWait);
  expect(growth).toBeLessThan(mostGrowth);
  await until(async () => (await one(new Agent(), 'POST', pools)).status === 201);
});
