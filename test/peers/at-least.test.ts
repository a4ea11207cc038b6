import { expect, test } from '@jest/globals';
import { startRedis } from './redis-server.js';
import { openPair } from './two-gateways.js';

const pools = '/netweave/v1/resourcePools';

test('what was written through one gateway is read through the other, by whoever says from where', async () => {
  const redis = await startRedis();
  const pair = await openPair(redis.port, { simulators: { east: { embedded: { seed: 8, size: 20, pools: 2 } } } });
  for (let round = 0; round < 20; round += 1) {
    const [writer, reader] = round % 2 === 0 ? [pair.watcher, pair.other] : [pair.other, pair.watcher];
    const body = { name: `pool ${round}`, description: 'Made by a test' };
    const made = await writer.send(pools, { method: 'POST', body });
    const { id } = JSON.parse(made.text) as { id: string };
    const headers = { 'X-Netweave-At-Least': made.headers['x-netweave-position'] as string };
    const [object, list] = await Promise.all([
      reader.send(`${pools}/${id}`, { headers }),
      reader.send('/graphql', { method: 'POST', headers, body: { query: '{ resourcePools { nodes { id } } }' } }),
    ]);
    expect([made.status, object.status]).toEqual([201, 200]);
    expect(list.text).toContain(id);
  }
  await pair.close();
  await redis.remove();
});
