import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.js';

const clients = {
  admin: { roles: ['admin'] },
  monitor: { roles: ['monitor'] },
  collector: { roles: ['collector'] },
  reader: { roles: ['reader'] },
  operator: { roles: ['operator'] },
  'of-locations': { roles: ['of-locations'] },
  'of-a-tenant': { roles: ['admin', 'monitor'], tenant: 'a' },
};

let gateway: GatewayUnderTest;
beforeAll(async () => {
  const production = `mode: production\nbehindProxy: true\nkey: ${randomBytes(32).toString('base64')}`;
  const roles = 'roles: { of-locations: ["locations:read"], collector: ["metrics:read", "locations:read"] }';
  gateway = await openGatewayUnderTest({ clients, yaml: `${production}\n${roles}` });
});
afterAll(() => gateway.close());

async function metric(name: string): Promise<number> {
  const { text } = await gateway.send('/metrics', { as: 'monitor' });
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0);
}

test.each([
  ['admin', 200],
  ['monitor', 200],
  ['collector', 200],
  ['reader', 403],
  ['operator', 403],
  ['of-locations', 403],
  ['of-a-tenant', 403],
  [undefined, 401],
])('in production metrics are for those who may read them and see every tenant: %s %i', async (as, status) => {
  const reply = await gateway.send('/metrics', as === undefined ? {} : { as });
  expect(reply.status).toBe(status);
  expect(reply.text.includes('netweave_http_requests_total')).toBe(status === 200);
});

test('who may read metrics may read nothing else for that', async () => {
  expect((await gateway.send('/netweave/v1/locations', { as: 'monitor' })).status).toBe(403);
});

test('every end of an operation is counted: refused, not readable, and still true', async () => {
  const series = (code: string) => `netweave_operations_total{operation="locations.list",code="${code}"}`;
  const before = await Promise.all(['FORBIDDEN', 'INVALID', 'OK'].map((code) => metric(series(code))));
  const url = '/o2ims-infrastructureInventory/v2/locations';
  await gateway.send(url, { as: 'monitor' });
  await gateway.send('/netweave/v1/locations?first=0', { as: 'reader' });
  for (let each = 0; each < 3; each += 1) expect((await gateway.send(url, { as: 'reader' })).status).toBe(200);
  const after = await Promise.all(['FORBIDDEN', 'INVALID', 'OK'].map((code) => metric(series(code))));
  expect(after.map((count, at) => count - before[at]!)).toEqual([1, 1, 3]);
});

test('subscriptions are counted by state, and how far back the log reaches is told', async () => {
  const local = await openGatewayUnderTest({ yaml: 'callbacks: { test: "off" }' });
  const all = '/netweave/v1/inventorySubscriptions';
  const told = async () => (await local.send('/metrics')).text;
  try {
    expect(await told()).toMatch(/^netweave_subscriptions\{state="paused"\} 0$/m);
    const { text } = await local.send(all, { method: 'POST', body: { callback: 'http://127.0.0.1:9/' } });
    const { id } = JSON.parse(text) as { readonly id: string };
    expect((await local.send(`${all}/${id}/pause`, { method: 'POST' })).status).toBe(200);
    expect(await told()).toMatch(/^netweave_subscriptions\{state="paused"\} 1$/m);
    expect(await told()).toMatch(/^netweave_log_age_seconds [\d.]+$/m);
  } finally {
    await local.close();
  }
});
