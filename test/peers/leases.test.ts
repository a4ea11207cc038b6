import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startOCloud, type OCloud } from '#adapters/simulator/o-cloud/start.js';
import { openRedisStore } from '#platform/store/redis/redis-store.js';
import { Redis as Settings } from '#platform/config/redis.js';
import type { Store } from '#platform/store/store.js';
import { origin } from '#schema/position.js';
import { run } from '#src/cli/run.js';
import { feed } from '#subscriptions/feed.js';
import { openGatewayUnderTest, until } from '../gateway-under-test.js';
import { openPair, sharedYaml, watched, type Pair } from './two-gateways.js';
import { startRedis, type RedisServer } from './redis-server.js';

const pools = '/netweave/v1/resourcePools';
const o2 = '/o2ims-infrastructureInventory/v2';
let redis: RedisServer;
let oCloud: OCloud;
let pair: Pair;
let store: Store;

beforeAll(async () => {
  redis = await startRedis();
  oCloud = await startOCloud({ size: 50 });
  pair = await openPair(redis.port, { simulators: { east: { url: oCloud.url } } });
  store = await openRedisStore(Settings.parse({ port: redis.port }));
});
afterAll(async () => {
  await store?.close();
  await pair?.close();
  await oCloud?.close();
  await redis?.remove();
});

interface Answered {
  readonly id: string;
  readonly value: { readonly description: string };
}

test('`instance remove` is refused while a gateway reads the backend, and takes nothing', async () => {
  const config = join(redis.folder, 'removal.yaml');
  writeFileSync(config, `store: { redis: { port: ${redis.port} } }\nbackends: []\n`);
  const before = (await pair.watcher.send(pools)).text;
  let error = '';
  const terminal = { out: () => undefined, error: (text: string) => void (error += text) };
  expect(await run(['instance', 'remove', 'east', '--config', config], {}, terminal)).toBe(4);
  expect(error).toContain("A running gateway reads the backend 'east'");
  await pair.watcher.send(`${pools}`, { method: 'POST', body: { name: 'later', description: 'made' } });
  expect((await pair.watcher.send(pools)).text.length).toBeGreaterThan(before.length);
  for await (const chunk of store.objectsOf('east')) expect(chunk.length).toBeGreaterThan(0);
});

describe('a gateway that does not watch the backend', () => {
  test('answers a write when it can be read, and shows what it wrote', async () => {
    const { other } = pair;
    const took: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const began = performance.now();
      const made = await other.send(pools, { method: 'POST', body: { name: `p${round}`, description: 'made' } });
      expect(made.status).toBe(201);
      const { id } = JSON.parse(made.text) as Answered;
      expect((await other.send(`${pools}/${id}`)).status).toBe(200);
      const changed = await other.send(`${pools}/${id}`, { method: 'PATCH', body: { description: `round ${round}` } });
      expect((JSON.parse(changed.text) as Answered).value.description).toBe(`round ${round}`);
      expect((await other.send(`${pools}/${id}`)).text).toContain(`round ${round}`);
      expect((await other.send(`${pools}/${id}`, { method: 'DELETE' })).status).toBe(204);
      expect((await other.send(`${pools}/${id}`)).status).toBe(404);
      took.push((performance.now() - began) / 3);
    }
    console.log(`a write through the other gateway: median ${took.toSorted((a, b) => a - b)[10]!.toFixed(1)} ms`);
    expect(await store.list('observed')).toEqual([]);
  });

  test('says when the backend of the one that watches goes away, and when it is back', async () => {
    const { other } = pair;
    const read = async () => (await other.send(`${o2}/resourceTypes`)).headers;
    expect((await read())['x-netweave-incomplete']).toBeUndefined();
    oCloud.fault({ status: 500 });
    await until(async () => (await read())['x-netweave-incomplete'] === 'east');
    expect(Number((await read())['age'])).toBeGreaterThanOrEqual(0);
    expect((await other.send('/readyz?verbose')).text).toContain('[-] backend east');
    oCloud.fault();
    await until(async () => (await read())['x-netweave-incomplete'] === undefined);
    expect((await other.send('/readyz?verbose')).text).toContain('[+] backend east');
  });

  test('knows what does not exist', async () => {
    expect((await pair.other.send(`${pools}/00000000-0000-4000-8000-000000000000`)).status).toBe(404);
  });
});

describe('the configuration', () => {
  test('is written once by gateways that have the same, and by the last one where it differs, which says so', async () => {
    const setup = { simulators: { east: { url: oCloud.url } }, store: { redis: { port: redis.port } } };
    const changes = async () => {
      const read = await store.read(origin, 100_000);
      const all = read.outcome === 'read' ? read.changes : [];
      return all.filter(({ instance }) => instance === '$configuration').length;
    };
    const before = await changes();
    const same = await Promise.all([1, 2].map(() => openGatewayUnderTest({ ...setup, yaml: sharedYaml })));
    expect(await changes()).toBe(before);
    expect(same.flatMap(({ logged }) => logged)).toEqual([]);
    for (const gateway of same) await gateway.close();
    const yaml = sharedYaml.replace('o-cloud.example', 'another.example');
    const different = await openGatewayUnderTest({ ...setup, yaml });
    expect(different.logged.join('\n')).toContain('those of this gateway count now');
    expect(await changes()).toBe(before + 1);
    await different.close();
  });
});

describe('leases', () => {
  test('who watched stops cleanly: the other one takes over within moments', async () => {
    const setup = {
      simulators: { east: { url: oCloud.url } },
      store: { redis: { port: redis.port } },
      yaml: sharedYaml,
    };
    const { watcher, other } = pair;
    const began = performance.now();
    await watcher.close();
    await until(async () => (await watched(other.url)) === 1);
    await until(async () => (await other.send(`${o2}/resourceTypes`)).headers['x-netweave-incomplete'] === undefined);
    console.log(`take-over after a clean stop: ${Math.round(performance.now() - began)} ms`);
    const next = await openGatewayUnderTest(setup);
    pair = {
      watcher: other,
      other: next,
      close: () => Promise.all([other.close(), next.close()]).then(() => undefined),
    };
  });

  test('of 100 holders that wake up after their time, none writes anything', async () => {
    const type = (id: string, name: string) =>
      ({ type: 'upsert', object: 'ResourceType', id, identity: id, tenant: null, value: { name } }) as const;
    let accepted = 0;
    for (let trial = 0; trial < 100; trial += 1) {
      const [name, source] = [`watch/trial-${trial}`, { instance: `trial-${trial}`, projection: '1' }];
      const [old, fresh] = [feed(store), feed(store)];
      const former = (await store.lease(name, 'former', 150))!;
      await old.sync(source, { events: [type(`${trial}`, 'before')], fence: former });
      const events = [type(`${trial}`, 'of the old epoch'), type(`${trial}-made`, 'of the old epoch')];
      // Every other one wakes up before anybody has taken over.
      if (trial % 2 === 0) await sleep(170);
      else {
        while (!(await store.lease(name, 'next', 60_000))) await sleep(5);
        const fence = (await store.lease(name, 'next', 60_000))!;
        await fresh.sync(source, { events: [type(`${trial}`, 'after')], fence });
      }
      const complete = { type: 'complete', object: 'ResourceType', ids: new Set<string>() } as const;
      for (const work of [
        () => old.sync(source, { events, fence: former }),
        () => old.sync(source, { events: [complete], fence: former }),
        () => old.observe(source, events, former),
      ])
        await expect(work()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      const keys = [`${trial}`, `${trial}-made`].map((id) => ({ object: 'ResourceType', id }));
      const [kept, made] = await store.objects(keys);
      if (kept?.value['name'] !== (trial % 2 === 0 ? 'before' : 'after') || made) accepted += 1;
    }
    expect(accepted).toBe(0);
  });
});
