import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { openGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.js';

const folder = mkdtempSync(join(tmpdir(), 'netweave-tags-'));
afterAll(() => rmSync(folder, { recursive: true }));

const pools = '/o2ims-infrastructureInventory/v2/resourcePools';
const usual = { publicUrl: 'https://one.example', limits: {} };

/** Starts on the same store, asks, and stops: one life of the gateway. */
async function life<T>(settings: object, work: (gateway: GatewayUnderTest) => Promise<T>): Promise<T> {
  const yaml = Object.entries({ ...usual, ...settings }).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const gateway = await openGatewayUnderTest({
    folder,
    simulators: { sim: { embedded: { seed: 4, size: 60, pools: 5, changesPerSecond: 0 } } },
    yaml: yaml.join('\n'),
  });
  try {
    return await work(gateway);
  } finally {
    await gateway.close();
  }
}

const tagOf = async (gateway: GatewayUnderTest) => String((await gateway.send(pools)).headers['etag']);

test('an ETag lives as long as the bytes it names: over a restart, not over another configuration', async () => {
  const before = await life({}, tagOf);
  expect(await life({}, tagOf)).toBe(before);
  for (const settings of [
    { publicUrl: 'https://two.example' },
    { limits: { pageSize: 2 } },
    { limits: { pageBytes: '64KiB' } },
    { publicUrl: 'https://one.example/o2' },
  ]) {
    const reply = await life(settings, (gateway) => gateway.send(pools, { headers: { 'If-None-Match': before } }));
    expect([settings, reply.status, reply.headers['etag'] === before]).toEqual([settings, 200, false]);
  }
  const same = await life({}, (gateway) => gateway.send(pools, { headers: { 'If-None-Match': before } }));
  expect(same.status).toBe(304);
});
