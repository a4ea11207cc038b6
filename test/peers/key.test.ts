import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis as Settings } from '#platform/config/redis.js';
import { openRedisStore } from '#platform/store/redis/redis-store.js';
import type { Store } from '#platform/store/store.js';
import { sealer } from '#platform/sealed.js';
import { run } from '#src/cli/run.js';
import { acceptKey } from '#src/gateway/key-of-store.js';
import { configurationOf, openGatewayUnderTest, type GatewayUnderTest, type Setup } from '../gateway-under-test.js';
import { startProcess } from '../gateway-process.js';
import { startRedis, type RedisServer } from './redis-server.js';

let redis: RedisServer;
let store: Store;
beforeAll(async () => {
  redis = await startRedis();
  store = await openRedisStore(Settings.parse({ port: redis.port }));
});
afterAll(async () => {
  await store?.close();
  await redis?.remove();
});

const subscriptions = '/netweave/v1/inventorySubscriptions';

/** Gateways that answer, and do nothing else: none of them holds a lease. */
const setUp = (fill: number): Setup => ({
  store: { redis: { port: redis.port } },
  simulators: { sim: { embedded: { seed: 3, size: 20, pools: 4, changesPerSecond: 0 } } },
  yaml: `callbacks: { test: "off" }\nkey: ${Buffer.alloc(32, fill).toString('base64')}`,
});

async function accept(fill: number) {
  const config = join(redis.folder, 'accept.yaml');
  writeFileSync(config, configurationOf(setUp(fill)));
  let said = '';
  const terminal = { out: (text: string) => void (said += text), error: (text: string) => void (said += text) };
  return { code: await run(['key', 'accept', '--config', config], {}, terminal), said };
}

async function subscribe(gateway: GatewayUnderTest, path: string): Promise<string> {
  const callback = `http://127.0.0.1:9/${path}`;
  const made = await gateway.send(subscriptions, { method: 'POST', body: { callback } });
  return (JSON.parse(made.text) as { readonly id: string }).id;
}

test('another key is accepted only when no gateway goes on with the former one', async () => {
  const gateway = await openGatewayUnderTest(setUp(1));
  const before = await subscribe(gateway, 'before');
  expect(await accept(2)).toEqual({ code: 4, said: expect.stringContaining('A running gateway shares the store') });
  const meanwhile = await subscribe(gateway, 'meanwhile');
  const rotated = await gateway.send(`${subscriptions}/${before}/rotateSecret`, { method: 'POST', body: {} });
  expect(rotated.status).toBe(200);
  await gateway.close();

  const again = await openGatewayUnderTest(setUp(1));
  await again.close();
  const accepted = await accept(2);
  expect(accepted).toEqual({ code: 0, said: expect.stringContaining('The secrets of 2 subscriptions') });
  for (const id of [before, meanwhile]) expect(accepted.said).toContain(id);
  await expect(openGatewayUnderTest(setUp(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('what a gateway that was killed has left keeps nobody from it; what begins meanwhile does', async () => {
  const killed = await store.put('gateway', 'killed', { watches: true }, 0);
  expect((await accept(3)).code).toBe(0);
  await store.remove('gateway', 'killed', killed!);

  const theirs = await store.get('identity', 'key');
  const beginning: Store = {
    ...store,
    // One that starts has found its key, and tells that it is there right after the other key was looked for.
    async get(kind, id) {
      const found = await store.get(kind, id);
      if (kind === 'identity') await store.put('gateway', 'beginning', { watches: true }, 0);
      return found;
    },
  };
  const other = sealer(Buffer.alloc(32, 9));
  await expect(acceptKey(beginning, other)).rejects.toMatchObject({ message: expect.stringContaining('Nothing was') });
  expect((await store.get('identity', 'key'))!.value).toEqual(theirs!.value);
  await store.remove('gateway', 'beginning', (await store.get('gateway', 'beginning'))!.revision);
});

test('a gateway that was starting while another key was accepted does not start', async () => {
  // Whoever starts waits for its turn to bring in the configuration, with its key looked at and nothing told of itself.
  const turn = await store.lease('configuration', 'test', 60_000);
  const starting = openGatewayUnderTest(setUp(3)).then(
    (gateway) => gateway.close().then(() => 'started'),
    (error: Error) => error.message,
  );
  await sleep(1000);
  expect((await accept(4)).code).toBe(0);
  await store.release(turn!);
  expect(await starting).toContain('is of another key');
  expect(await store.list('gateway')).toEqual([]);
  expect((await accept(3)).code).toBe(0);
});

test('one that was cut short is repeated before anything starts', async () => {
  const cut: Store = {
    ...store,
    list: (kind, range) => (kind === 'gateway' ? store.list(kind, range) : Promise.reject(new Error('cut'))),
  };
  await expect(acceptKey(cut, sealer(Buffer.alloc(32, 9)))).rejects.toThrow('cut');
  await expect(openGatewayUnderTest(setUp(3))).rejects.toThrow('`netweave key accept` has not finished');
  expect((await accept(3)).code).toBe(0);
  await (await openGatewayUnderTest(setUp(3))).close();
});

test('what a gateway seals with a key that is not that of its store any more is answered as not written', async () => {
  const gateway = await openGatewayUnderTest(setUp(3));
  const standing = await subscribe(gateway, 'standing');
  const { value, revision } = (await store.get('identity', 'key'))!;
  const other = await store.put('identity', 'key', { fingerprint: 'other' }, revision);
  const body = { callback: 'http://127.0.0.1:9/refused' };
  const refused = [
    await gateway.send(subscriptions, { method: 'POST', body }),
    await gateway.send(`${subscriptions}/${standing}/rotateSecret`, { method: 'POST', body: {} }),
  ];
  expect(refused.map(({ status }) => status)).toEqual([503, 503]);
  expect((await gateway.send(subscriptions)).text).not.toContain('/refused');
  await store.put('identity', 'key', value, other!);
  await gateway.close();
});

test('a gateway that stood still meanwhile ends, and what it seals with the former key is not answered as written', async () => {
  const config = join(redis.folder, 'former.yaml');
  writeFileSync(config, configurationOf(setUp(3)));
  const gateway = await startProcess(redis.folder, '--config', config);
  gateway.signal('SIGSTOP');
  expect((await accept(4)).code).toBe(0);
  // It finds this on its connections before its first beat.
  const headers = { 'Content-Type': 'application/json' };
  const body = JSON.stringify({ callback: 'http://127.0.0.1:9/former' });
  const asked = fetch(`${gateway.url}${subscriptions}`, { method: 'POST', headers, body }).then(
    ({ status }) => status,
    () => 'cut off',
  );
  await sleep(200);
  gateway.signal('SIGCONT');
  expect(await gateway.ended).toBe(4);
  expect(gateway.error).toContain('is of another key');
  expect(['cut off', 503]).toContain(await asked);
  expect((await accept(3)).code).toBe(0);
});
