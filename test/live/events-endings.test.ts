import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { openGatewayUnderTest, until, type GatewayUnderTest, type Setup } from '../gateway-under-test.js';
import { listenTo } from './event-client.js';
import { connectLive } from './live-client.js';

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
  // Each object's last state at the least, though maybe later: who is far behind is spared what was overtaken.
  const latest = () => new Map(slow.told().map(({ id, position }) => [id, seqOf(position)]));
  await until(() => {
    const known = latest();
    return quick.told().every(({ id, position }) => seqOf(position) > head || known.get(id)! >= seqOf(position));
  });
  for (const client of [slow, quick]) client.leave();
}, 60_000);

test('a gateway that goes away ends its streams, and who comes back to another of the same state goes on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'netweave-events-'));
  const setup: Setup = {
    simulators: { sim: { embedded: { seed: 5, size: 30, pools: 2, changesPerSecond: 20 } } },
    folder,
  };
  const first = await opened(setup);
  const client = await listenTo(first, '?since=0.0');
  await until(() => client.told().length > 40);
  gateways.pop();
  await first.close();
  expect(await client.ended).toBe(true);
  const again = await listenTo(await opened(setup), '', { headers: { 'Last-Event-ID': client.lastId()! } });
  await until(() => again.told().length > 10);
  const told = [...client.told(), ...again.told()].map(({ position }) => seqOf(position));
  expect(again.told('gap')).toEqual([]);
  // `baseline` entries are told and `restated` ones are not, so numbers may be missing; none comes twice.
  expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
  const whole = await listenTo(gateways.at(-1)!, '?since=0.0');
  await until(() => seqOf(whole.lastId()) >= told.at(-1)!);
  expect(told).toEqual(
    whole
      .told()
      .slice(0, told.length)
      .map(({ position }) => seqOf(position)),
  );
  for (const each of [again, whole]) each.leave();
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

test('one principal cannot take all streams that differ', async () => {
  const gateway = await opened({
    clients: { blue: { roles: ['reader'], tenant: 'blue' }, red: { roles: ['reader'], tenant: 'red' } },
    yaml: 'limits: { live: { streams: 3, streamsPerPrincipal: 2 } }',
  });
  const listen = (as: string, object: string) => listenTo(gateway, `?objects=${object}`, { as });
  const blue = [await listen('blue', 'Resource'), await listen('blue', 'ResourcePool'), await listen('blue', 'OCloud')];
  expect(blue.map(({ status }) => status)).toEqual([200, 200, 429]);
  const red = await listen('red', 'Resource');
  expect(red.status).toBe(200);
  for (const client of [...blue, red]) client.leave();
});

test.each([
  ['connectionsPerTenant', '5', 'One tenant may have 2 at once (limits.live.connectionsPerTenant)'],
  ['streamsPerTenant', '30', 'Your tenant has 2 (limits.live.streamsPerTenant)'],
])('two tokens of one tenant reach its %s together, and take nothing of another', async (limit, retryAfter, why) => {
  const clients = { b1: 'blue', b2: 'blue', red: 'red' };
  const gateway = await opened({
    clients: Object.fromEntries(Object.entries(clients).map(([as, tenant]) => [as, { roles: ['reader'], tenant }])),
    yaml: `limits: { live: { ${limit}: 2 } }`,
  });
  const listen = (as: string, object: string) => listenTo(gateway, `?objects=${object}`, { as });
  const [first, second] = [await listen('b1', 'Resource'), await listen('b2', 'ResourcePool')];
  expect([first.status, second.status]).toEqual([200, 200]);
  const refused = await gateway.send('/events?objects=OCloud', { as: 'b2' });
  expect([refused.status, refused.headers['retry-after']]).toEqual([429, retryAfter]);
  expect(refused.text).toContain(why);
  const red = await listen('red', 'Resource');
  expect(red.status).toBe(200);
  first.leave();
  const again = async () => {
    const client = await listen('b2', 'OCloud');
    client.leave();
    return client.status === 200;
  };
  await until(again);
  for (const client of [second, red]) client.leave();
});

test('a WebSocket beyond what its tenant may have is told so and closed', async () => {
  const gateway = await opened({
    clients: { b1: { roles: ['reader'], tenant: 'blue' }, b2: { roles: ['reader'], tenant: 'blue' } },
    yaml: 'limits: { live: { connectionsPerTenant: 1 } }',
  });
  const first = await connectLive(gateway, { as: 'b1' });
  const second = await connectLive(gateway, { as: 'b2' });
  const { code, reason } = await second.ended;
  expect(code).toBe(1013);
  expect(reason).toContain('limits.live.connectionsPerTenant');
  first.socket.terminate();
});

test('two tenants on one stream: neither is told of the other', async () => {
  const gateway = await opened({
    simulators: {
      sim: { embedded: { seed: 11, size: 200, pools: 20, changesPerSecond: 100, tenants: ['blue', 'red'] } },
    },
    clients: { blue: { roles: ['admin'], tenant: 'blue' }, red: { roles: ['admin'], tenant: 'red' } },
  });
  const listen = (as: string) => listenTo(gateway, '?objects=Resource', { as });
  const [blue, red] = [await listen('blue'), await listen('red')];
  await until(() => blue.told().length > 40 && red.told().length > 40);
  const readable = async (as: string, id: unknown) =>
    (await gateway.send(`/netweave/v1/resources/${String(id)}`, { as })).status === 200;
  for (const [client, own, other] of [
    [blue, 'blue', 'red'],
    [red, 'red', 'blue'],
  ] as const) {
    let apart = 0;
    for (let at = 0; at < 40 || (apart === 0 && at < 1000); at += 1) {
      await until(() => client.told().length > at);
      const { id } = client.told()[at]!;
      // Its own, then, unless it is gone by now.
      if (!(await readable(own, id)))
        await until(() => client.told().some((each) => each['id'] === id && each['change'] === 'DELETED'));
      else if (!(await readable(other, id))) apart += 1;
    }
    // It was told what the other may not see, so the lines above could have failed.
    expect(apart).toBeGreaterThan(0);
  }
  for (const client of [blue, red]) client.leave();
});
