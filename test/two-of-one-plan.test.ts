import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { openGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.js';

const folder = mkdtempSync(join(tmpdir(), 'netweave-twins-'));
afterAll(() => rmSync(folder, { recursive: true }));

const embedded = { seed: 7, size: 20, pools: 2, changesPerSecond: 0 };
const pools = '/netweave/v1/resourcePools';

interface Pool {
  readonly resourcePoolId: string;
  readonly description: string;
}

async function life<T>(work: (gateway: GatewayUnderTest) => Promise<T>): Promise<T> {
  const gateway = await openGatewayUnderTest({ folder, simulators: { one: { embedded }, two: { embedded } } });
  try {
    return await work(gateway);
  } finally {
    await gateway.close();
  }
}

const all = async (gateway: GatewayUnderTest) =>
  (JSON.parse((await gateway.send(pools)).text) as { readonly items: readonly Pool[] }).items;

test('simulated O-Clouds of one plan keep what was written to them apart, over a restart', async () => {
  const written = await life(async (gateway) => {
    const before = await all(gateway);
    for (const { resourcePoolId: id } of before) {
      const reply = await gateway.send(`${pools}/${id}`, { method: 'PATCH', body: { description: `of ${id}` } });
      expect(reply.status).toBe(200);
    }
    return before;
  });
  expect(written).toHaveLength(4);
  const kept = await life(all);
  expect(kept.map(({ resourcePoolId, description }) => [resourcePoolId, description])).toEqual(
    written.map(({ resourcePoolId: id }) => [id, `of ${id}`]),
  );
});
