import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Redis as RedisModel } from '#platform/config/redis.js';
import { openRedisStore } from '#platform/store/redis/redis-store.js';
import type { Store } from '#platform/store/store.js';
import { eventually } from '../store-contract/fixtures.js';
import { startRedis, type RedisServer } from './redis-server.js';
import { startSlowSentinel, type SlowSentinel } from './slow-sentinel.js';

let servers: readonly RedisServer[];
let sentinel: SlowSentinel;
let store: Store;
beforeEach(async () => {
  servers = await Promise.all([startRedis(), startRedis()]);
  sentinel = await startSlowSentinel(servers[0]!.port);
  store = await openRedisStore(
    RedisModel.parse({ sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'main' }),
  );
});
afterEach(async () => {
  await store.close();
  await sentinel.close();
  for (const server of servers) await server.remove();
});

test('a failover that is announced while Sentinels are being asked for the primary is survived', async () => {
  const [before, after] = servers;
  const primary = Promise.withResolvers<number>();
  sentinel.primary = primary.promise;
  const asked = sentinel.asked();
  await before!.kill();
  await asked;
  // All connections of the store are asking by now.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  sentinel.announce();
  await new Promise((resolve) => setTimeout(resolve, 100));
  primary.resolve(after!.port);
  await eventually(() => store.head().catch(() => undefined));
  expect(store.servers().at(-1)).toMatchObject({ port: after!.port });
  // Each of its connections stands again: that for what is owned too.
  await eventually(() => store.put('tenant', `${performance.now()}`, {}, 0).catch(() => undefined));
});
