import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { receiver } from './callback-receiver.js';
import { graph } from './facade-calls.js';
import { openGatewayUnderTest, until, type Ask, type GatewayUnderTest } from './gateway-under-test.js';

const own = '/netweave/v1/inventorySubscriptions';
const o2 = (major: string) => `/o2ims-infrastructureInventory/${major}/subscriptions`;

let gateway: GatewayUnderTest;
let callback: Awaited<ReturnType<typeof receiver>>;
beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 3, size: 40, pools: 8, changesPerSecond: 0 } } },
    clients: { admin: { roles: ['admin'] } },
    yaml: 'limits: { bodyBytes: 64KiB }',
  });
  callback = await receiver();
});
afterEach(() => {
  callback.received.length = 0;
  callback.state.verified = 0;
});
afterAll(async () => {
  await gateway.close();
  await callback.close();
});

type Body = Readonly<Record<string, unknown>>;

async function ask(target: string, request: Ask = {}) {
  const { status, headers, text } = await gateway.send(target, { as: 'admin', ...request });
  return { status, headers, body: JSON.parse(text || '{}') as Body };
}

const patch = (target: string, body: object) =>
  ask(target, { method: 'PATCH', body, headers: { 'Content-Type': 'application/merge-patch+json' } });

async function createPool(name: string): Promise<string> {
  const body = { name, description: 'x' };
  const { status, body: made } = await ask('/netweave/v1/resourcePools', { method: 'POST', body });
  expect(status).toBe(201);
  return String(made['id']);
}

describe.each([o2('v2'), o2('v1'), own])('POST %s with a body that is too long', (target) => {
  const value = { callback: 'http://127.0.0.1:9/long', consumerSubscriptionId: 'x'.repeat(70_000) };

  test.each([
    ['its length said', {}],
    ['its length not said', { 'Transfer-Encoding': 'chunked', 'Content-Length': [] }],
  ])('is answered 413 with a problem document, %s', async (_, headers) => {
    const { status, headers: answered, body } = await ask(target, { method: 'POST', body: value, headers });
    expect([status, answered['content-type']]).toEqual([413, expect.stringMatching(/^application\/problem\+json/)]);
    expect(body).toMatchObject({ status: 413, title: expect.any(String), detail: expect.stringContaining('65536') });
    expect((await ask(own)).body).toMatchObject({ items: [] });
  });

  test('is read as far as it may be long', async () => {
    const { status, body } = await ask(target, {
      method: 'POST',
      body: { ...value, consumerSubscriptionId: 'x'.repeat(60_000) },
    });
    expect([status, body['at']]).toEqual([400, expect.stringMatching(/consumerSubscriptionId$/)]);
  });
});

const forms = { filterMode: 'include', states: 'string', ordering: 'resource' };
const filter = '(eq,objectType,ResourcePoolInfo);(eq,notificationEventType,MODIFY);(cont,name,wanted)';

describe.each([own, o2('v2'), o2('v1')])('the forms of a subscription that is made with POST %s', (target) => {
  test('are shown again, over every facade but O2, and can be changed', async () => {
    const made = await ask(target, { method: 'POST', body: { callback: callback.url, filter, ...forms } });
    expect(made.status).toBe(201);
    const id = String(made.body['id'] ?? made.body['subscriptionId']);
    const at = `${own}/${id}`;
    expect((await ask(at)).body).toMatchObject({ filter, ...forms });
    const query = `{ inventorySubscription(id: "${id}") { filterMode states ordering } }`;
    expect((await graph(gateway, 'admin', query)).data).toEqual({ inventorySubscription: forms });
    const trpc = await ask(`/trpc/inventorySubscriptions.get?input=${encodeURIComponent(JSON.stringify({ id }))}`);
    expect(trpc.body).toMatchObject({ result: { data: forms } });
    const asO2 = { subscriptionId: id, callback: callback.url, filter };
    expect((await ask(`${o2('v2')}/${id}?all_fields`)).body).toEqual(asO2);
    const defaults = { filterMode: 'exclude', states: 'object', ordering: 'strict' };
    expect((await patch(at, defaults)).body['value']).toMatchObject(defaults);
    expect((await ask(at)).body).toMatchObject(defaults);
    expect((await ask(at, { method: 'DELETE' })).status).toBe(204);
  });

  test.each(Object.entries(forms))('must be known: %s', async (name, word) => {
    const value = { callback: callback.url, ...forms, [name]: `${word}ed` };
    const { status, body } = await ask(target, { method: 'POST', body: value });
    expect([status, body['at']]).toEqual([400, expect.stringContaining(name)]);
    expect(callback.state.verified).toBe(0);
  });
});

test('a filter that includes tells of what it matches and of nothing else, and states are texts where that was asked', async () => {
  const made = await ask(own, { method: 'POST', body: { callback: callback.url, filter, ...forms } });
  const at = `${own}/${String(made.body['id'])}`;
  const other = await receiver();
  const excluding = await ask(own, { method: 'POST', body: { callback: other.url, filter } });
  const change = async (name: string, description: string) => {
    const pool = await createPool(name);
    await patch(`/netweave/v1/resourcePools/${pool}`, { description });
    return pool;
  };
  await change('left out', 'not told');
  const pool = await change('wanted', 'told');
  await until(() => callback.received.length > 0);
  const { body } = callback.received[0]!;
  expect(body).toMatchObject({ notificationEventType: 1, objectRef: expect.stringContaining(pool) });
  for (const name of ['priorObjectState', 'postObjectState']) expect(typeof body[name]).toBe('string');
  expect(JSON.parse(String(body['priorObjectState']))).toMatchObject({ resourcePoolId: pool, description: 'x' });
  expect(JSON.parse(String(body['postObjectState']))).toMatchObject({ resourcePoolId: pool, description: 'told' });

  // Turned round, it leaves out what it told of.
  expect((await patch(at, { filterMode: 'exclude', states: 'object' })).status).toBe(200);
  await patch(`/netweave/v1/resourcePools/${pool}`, { description: 'told no more' });
  await createPool('made at last');
  await until(() => callback.received.length > 1);
  expect(callback.received).toHaveLength(2);
  expect(callback.received[1]!.body).toMatchObject({
    notificationEventType: 0,
    postObjectState: { name: 'made at last' },
  });
  // What excludes all along was told of the rest.
  await until(() => other.received.length >= 4);
  expect(
    other.received.map(({ body: told }) => [
      told['notificationEventType'],
      (told['postObjectState'] as { readonly name: string }).name,
    ]),
  ).toEqual([
    [0, 'left out'],
    [1, 'left out'],
    [0, 'wanted'],
    [0, 'made at last'],
  ]);
  for (const each of [at, `${own}/${String(excluding.body['id'])}`])
    expect((await ask(each, { method: 'DELETE' })).status).toBe(204);
  await other.close();
});
