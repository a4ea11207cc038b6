import { test } from '@jest/globals';
import { setUp, survivesLoss } from '../backup-story.js';
import { startRedis } from './redis-server.js';

test('what the gateway owns survives the loss of all that Redis holds', async () => {
  const redis = await startRedis();
  const store = { store: { redis: { port: redis.port } } };
  try {
    await survivesLoss(setUp(store), async () => {
      await redis.ask((client) => client.flushall());
      return setUp(store);
    });
  } finally {
    await redis.remove();
  }
});
