import { afterAll, beforeAll } from '@jest/globals';
import { Redis as RedisModel, type RedisSettings } from '#platform/config/redis.js';
import { openRedisStore } from '#platform/store/redis/redis-store.js';
import { storeContract } from '../store-contract.js';
import { startRedis, type RedisServer } from './redis-server.js';

let server: RedisServer;
let opened = 0;
beforeAll(async () => void (server = await startRedis()));
afterAll(() => server.remove());

/** Settings of a store that nobody has used. */
const settings = (more: object = {}): RedisSettings =>
  RedisModel.parse({ port: server.port, keyPrefix: `test-${(opened += 1)}:`, ...more });

storeContract('redis', async () => {
  const where = settings();
  const store = await openRedisStore(where);
  const reopen = async () => {
    await store.close();
    return openRedisStore(where);
  };
  return { store, reopen };
});
