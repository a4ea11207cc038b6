import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Fault } from '#schema/errors.js';
import { Redis as RedisModel } from '#platform/config/redis.js';
import { connectionOptions } from '#platform/store/redis/connection-options.js';
import { Connection } from '#platform/store/redis/connection.js';
import { mayPass } from '#platform/store/redis/refusal.js';
import { openRedisStore } from '#platform/store/redis/redis-store.js';
import { WakeUps } from '#platform/store/redis/wake-ups.js';
import { launchProcess } from '../gateway-process.js';
import { until } from '../gateway-under-test.js';
import { freePort } from './free-port.js';
import { startRedis, type RedisServer } from './redis-server.js';
import { startSentinelGroup } from './redis-sentinels.js';
import { startTcpProxy } from './tcp-proxy.js';
import { textOf } from './two-gateways.js';

/** Longer than a command at a terminal has patience, and than it takes to say twice what is waited for. */
const away = 7000;

let folder: string;
let redis: RedisServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'netweave-late-'));
  redis = await startRedis();
});
afterAll(async () => {
  await redis.remove();
  rmSync(folder, { recursive: true });
});

/** Starts the program on a port of its own, and waits until it answers there. */
async function launched(store = '', redisPort = redis.port) {
  const port = await freePort();
  const config = join(folder, `${port}.yaml`);
  writeFileSync(config, `store: { redis: { port: ${redisPort}, ${store} } }\n`);
  const gateway = launchProcess(folder, '--config', config, '--port', String(port));
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await textOf(`${url}/livez`)) === 'ok\n');
  return { url, gateway };
}

test('a gateway waits for a Redis that is not there yet: alive, not ready, and says what for', async () => {
  await redis.kill();
  const { url, gateway } = await launched();
  expect(await textOf(`${url}/readyz?verbose`)).toBe('[-] store: opening\nnot ready\n');
  // It would end a process that does not listen for it.
  gateway.signal('SIGHUP');
  await sleep(away);
  expect(gateway.error).toContain('still starting: tokens and roles are read again');
  await redis.start();
  expect((await gateway.ready()).url).toBe(url);
  await until(() => gateway.error.includes('Tokens and roles were read again.'));
  const said = gateway.error.split('\n').filter((line) => line.includes(`127.0.0.1:${redis.port} cannot be reached`));
  expect(said.length).toBeGreaterThanOrEqual(2);
  expect(said[0]).toMatch(/ECONNREFUSED.*Waiting for it, \d\d s more\./);
  gateway.signal('SIGTERM');
  expect(await gateway.ended).toBe(0);
});

test('it gives up when the time is over, and at once when it is told to end', async () => {
  await redis.kill();
  const impatient = await launched('startTimeout: 2s');
  expect(await impatient.gateway.ended).toBe(4);
  expect(impatient.gateway.error).toContain(`127.0.0.1:${redis.port} cannot be reached`);
  const { gateway } = await launched('startTimeout: 10m');
  gateway.signal('SIGTERM');
  expect(await gateway.ended).toBe(0);
  await redis.start();
});

test('a gateway that loses its Redis while it opens begins anew', async () => {
  const begunAnew: number[] = [];
  // Bytes of Redis up to the loss: once it has been found good, before all that it holds is read.
  for (const bytes of [17_000, 19_000, 21_000, 23_000]) {
    const proxy = await startTcpProxy(redis.port);
    const lost = proxy.truncateAfter(bytes).then(async () => {
      proxy.refuse();
      proxy.cut();
      await sleep(1500);
      await proxy.accept();
    });
    const { gateway } = await launched('', proxy.port);
    await gateway.ready();
    await lost;
    if (gateway.error.includes('begins anew')) begunAnew.push(bytes);
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toBe(0);
    proxy.close();
  }
  expect(begunAnew).not.toEqual([]);
});

test('a server that hangs is no reason to give up a start, nor for what waited behind what it was asked', async () => {
  const store = await openRedisStore(RedisModel.parse({ port: redis.port }));
  await store.put('tenant', 'before', {}, 0);
  redis.pause();
  const asked = ['first', 'second', 'third'].map((id) => store.put('tenant', id, {}, 0));
  const faults = (await Promise.allSettled(asked)).map((each) => (each.status === 'rejected' ? each.reason : each));
  redis.resume();
  expect(faults.map(({ message }: Fault) => /nothing was asked of it/.test(message))).toEqual([false, true, true]);
  expect(faults.map(mayPass)).toEqual([true, true, true]);
  await store.close();
});

test('one SUBSCRIBE that failed does not count once a later one is through', async () => {
  await redis.ask((asked) => asked.acl('SETUSER', 'default', '-subscribe'));
  const connection = new Connection('redis', connectionOptions(RedisModel.parse({ port: redis.port })));
  const wakeUps = new WakeUps(connection, 'appended');
  try {
    await expect(wakeUps.listening()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await redis.ask(async (asked) => {
      await asked.acl('SETUSER', 'default', '+subscribe');
      await asked.call('CLIENT', 'KILL', 'SKIPME', 'yes');
    });
    await until(() => connection.generation === 2);
    await wakeUps.listening();
    let woken = 0;
    wakeUps.onAppend(() => (woken += 1));
    await redis.ask((asked) => asked.publish('appended', ''));
    await until(() => woken > 0);
  } finally {
    await wakeUps.close();
  }
});

test('waiting does not mend a password or a policy: it ends at once', async () => {
  const patience = { within: 600_000 };
  const open = (more: object) => openRedisStore(RedisModel.parse({ port: redis.port, ...more }), patience);
  await expect(open({ password: 'guess', username: 'nobody' })).rejects.toThrow('does not accept');
  await redis.ask((asked) => asked.config('SET', 'maxmemory-policy', 'allkeys-lru', 'maxmemory', '200mb'));
  await expect(open({})).rejects.toThrow('may throw state away');
});

test('Sentinels that are not there yet are waited for, and a primary that they have lost', async () => {
  const group = await startSentinelGroup();
  const { sentinels, name } = group;
  const open = async (back: () => Promise<void>) => {
    const said: string[] = [];
    const patience = { within: 60_000, waits: (message: string) => void said.push(message) };
    const opening = openRedisStore(RedisModel.parse({ sentinels, name }), patience);
    await until(() => said.length > 0);
    await back();
    const store = await opening;
    expect(await store.put('tenant', said[0]!, {}, 0)).toBeGreaterThan(0);
    await store.close();
    expect(said[0]).toContain(`'main' of 127.0.0.1:${sentinels[0]!.port}`);
  };
  try {
    await group.blind();
    await open(() => group.watch());
    const all = [await group.primary(), ...(await group.replicas())];
    for (const server of all) server.pause();
    await open(() => Promise.resolve(all.forEach((server) => server.resume())));
  } finally {
    await group.remove();
  }
});
