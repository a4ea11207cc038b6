import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { openGatewayUnderTest, until, type GatewayUnderTest, type Setup } from '../gateway-under-test.js';
import { listenTo } from './event-client.js';

const gateways: GatewayUnderTest[] = [];
async function opened(setup: Setup): Promise<GatewayUnderTest> {
  const gateway = await openGatewayUnderTest(setup);
  gateways.push(gateway);
  return gateway;
}
afterEach(async () => {
  for (const gateway of gateways.splice(0)) {
    await gateway.close();
    expect(gateway.logged).toEqual([]);
  }
});

const seqOf = (position: unknown) => Number(String(position).split('.')[0]);

test('who takes nothing for a while is told the rest in order when it does, and holds up nobody', async () => {
  const gateway = await opened({
    simulators: { sim: { embedded: { seed: 4, size: 6000, pools: 5, changesPerSecond: 100 } } },
    yaml: 'limits: { live: { backlog: 64KiB } }',
  });
  const slow = await listenTo(gateway, '?since=0.0');
  slow.response.pause();
  const quick = await listenTo(gateway);
  await until(() => quick.told().length > 100);
  const head = seqOf(quick.lastId());
  expect(slow.told().length).toBeLessThan(6000);
  slow.response.resume();
  await until(() => seqOf(slow.lastId()) >= head);
  const told = slow.told().map(({ position }) => seqOf(position));
  expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
  // Each object's last state at the least: who is far behind is spared what was overtaken.
  const latest = new Map(slow.told().map(({ id, position }) => [id, position]));
  for (const { id, position } of quick.told().slice(0, 50))
    expect(seqOf(latest.get(id))).toBeGreaterThanOrEqual(seqOf(position));
  for (const client of [slow, quick]) client.leave();
});

test('a gateway that goes away ends its streams; who comes back after a restart goes on where it was', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'netweave-'));
  const simulators = { sim: { embedded: { seed: 5, size: 30, pools: 2, changesPerSecond: 20 } } };
  const gateway = await openGatewayUnderTest({ simulators, folder });
  const client = await listenTo(gateway);
  await until(() => client.told().length > 2);
  await gateway.close();
  expect(await client.ended).toBe(true);
  const again = await opened({ simulators, folder });
  const resumed = await listenTo(again, '', { headers: { 'Last-Event-ID': client.lastId()! } });
  await until(() => resumed.told().length > 2);
  expect(resumed.heard[0]!.id).toBe(client.lastId());
  expect(resumed.told('gap')).toEqual([]);
  expect(seqOf(resumed.told()[0]!['position'])).toBeGreaterThan(seqOf(client.lastId()));
  resumed.leave();
  await gateways.pop()!.close();
  rmSync(folder, { recursive: true });
});

test('no more streams than a principal may have; who leaves makes room', async () => {
  const gateway = await opened({ simulators: {}, yaml: 'limits: { live: { connectionsPerPrincipal: 2 } }' });
  const two = [await listenTo(gateway), await listenTo(gateway)];
  const refused = await gateway.send('/events');
  expect([refused.status, refused.headers['retry-after']]).toEqual([429, '5']);
  two[0]!.leave();
  await until(async () => (await gateway.send('/metrics')).text.includes('netweave_live_connections 1'));
  const again = await listenTo(gateway);
  expect(again.status).toBe(200);
  for (const client of [two[1]!, again]) client.leave();
});

test('two tenants on one stream: neither is told of the other', async () => {
  const gateway = await opened({
    simulators: {
      sim: { embedded: { seed: 11, size: 200, pools: 20, changesPerSecond: 100, tenants: ['blue', 'red'] } },
    },
    clients: { blue: { roles: ['admin'], tenant: 'blue' }, red: { roles: ['admin'], tenant: 'red' } },
  });
  const [blue, red] = [
    await listenTo(gateway, '?objects=Resource', { as: 'blue' }),
    await listenTo(gateway, '?objects=Resource', { as: 'red' }),
  ];
  await until(() => blue.told().length > 40 && red.told().length > 40);
  const readable = async (as: string, id: unknown) =>
    (await gateway.send(`/netweave/v1/resources/${String(id)}`, { as })).status === 200;
  const apart = new Set<string>();
  for (const [client, own, other] of [
    [blue, 'blue', 'red'],
    [red, 'red', 'blue'],
  ] as const)
    for (const { id } of client.told().slice(0, 40)) {
      // Its own, then, unless it is gone by now.
      if (!(await readable(own, id)))
        await until(() => client.told().some((each) => each['id'] === id && each['change'] === 'DELETED'));
      if (!(await readable(other, id))) apart.add(own);
    }
  // Both were told what the other may not see, so the lines above could have failed.
  expect([...apart]).toEqual(['blue', 'red']);
  for (const client of [blue, red]) client.leave();
});
