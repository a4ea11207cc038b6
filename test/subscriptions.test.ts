import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { receiver } from './callback-receiver.js';
import { openGatewayUnderTest, nowhere, until, type Ask, type GatewayUnderTest } from './gateway-under-test.js';

const o2 = '/o2ims-infrastructureInventory';
const own = '/netweave/v1/inventorySubscriptions';

let gateway: GatewayUnderTest;
let callback: Awaited<ReturnType<typeof receiver>>;
let counter = 0;

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 3, size: 40, pools: 8, changesPerSecond: 0 } } },
    clients: {
      admin: { roles: ['admin'] },
      red: { roles: ['operator'], tenant: 'red' },
      blue: { roles: ['operator'], tenant: 'blue' },
      blind: { roles: ['subscriber'] },
    },
    yaml: 'roles: { subscriber: ["inventorySubscriptions:create", "resourcePools:read"] }',
  });
  callback = await receiver();
});
afterEach(() => {
  callback.received.length = 0;
  Object.assign(callback.state, { status: 204, verified: 0, verifies: 204 });
});
afterAll(async () => {
  await gateway.close();
  await callback.close();
});

async function ask(target: string, request: Ask = {}) {
  const reply = await gateway.send(target, { as: 'admin', ...request });
  return {
    ...reply,
    body: (reply.text === '' ? undefined : JSON.parse(reply.text)) as Readonly<Record<string, unknown>>,
  };
}

/** Subscribes to what is told of pools, at a callback of its own. */
async function subscribe(value: object = {}, as = 'admin'): Promise<string> {
  counter += 1;
  const body = { callback: `${callback.url}/${counter}`, ...value };
  const { status, body: made } = await ask(`${o2}/v2/subscriptions`, { method: 'POST', body, as });
  expect(status).toBe(201);
  return made['subscriptionId'] as string;
}

async function createPool(name: string, as = 'admin'): Promise<string> {
  const { status, body } = await ask('/netweave/v1/resourcePools', {
    method: 'POST',
    body: { name, description: 'x' },
    as,
  });
  expect(status).toBe(201);
  return body['id'] as string;
}

const told = (name: string) =>
  callback.received.filter(
    ({ body }) => (body['postObjectState'] as { readonly name?: string } | undefined)?.name === name,
  );

describe('a subscription over O2', () => {
  test('is created, read, listed, filtered and deleted, as each major version wants', async () => {
    const value = {
      callback: `${callback.url}/crud`,
      consumerSubscriptionId: '3F20D850-AF4F-A84F-FB5A-0AD585410361',
      filter: '',
    };
    const made = await ask(`${o2}/v2/subscriptions`, { method: 'POST', body: { subscriptionId: nowhere, ...value } });
    expect(made.status).toBe(201);
    const id = made.body['subscriptionId'] as string;
    expect(made.body).toEqual({ subscriptionId: id, ...value });
    expect(id).not.toBe(nowhere);
    expect(made.headers['location']).toBe(`${gateway.url}${o2}/v2/subscriptions/${id}`);
    expect(made.headers['version']).toBe('2.0.0');
    expect(callback.state.verified).toBe(1);

    for (const major of ['v1', 'v2']) {
      const list = await ask(
        `${o2}/${major}/subscriptions?filter=(eq,consumerSubscriptionId,3f20d850-af4f-a84f-fb5a-0ad585410361)`,
      );
      expect([list.status, list.body]).toEqual([200, [made.body]]);
      expect((await ask(`${o2}/${major}/subscriptions/${id}`)).body).toEqual(made.body);
    }
    const deleted = await ask(`${o2}/v2/subscriptions/${id}`, { method: 'DELETE' });
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await ask(`${o2}/v2/subscriptions/${id}`)).status).toBe(404);
    expect((await ask(`${o2}/v2/subscriptions/${id}`, { method: 'DELETE' })).status).toBe(404);
    const again = await ask(`${o2}/v1/subscriptions`, { method: 'POST', body: value });
    const inV1 = await ask(`${o2}/v1/subscriptions/${String(again.body['subscriptionId'])}`, { method: 'DELETE' });
    expect([again.status, inV1.status, inV1.text]).toEqual([201, 200, '']);
  });

  test('is refused where it must be', async () => {
    const body = { callback: `${callback.url}/refused` };
    const post = async (major: string, sent: unknown, more: Ask = {}) => {
      const { status, body: said } = await ask(`${o2}/${major}/subscriptions`, { method: 'POST', body: sent, ...more });
      return [status, said['at']];
    };
    expect(await post('v2', {})).toEqual([400, 'callback']);
    expect(await post('v2', { callback: 'not a url' })).toEqual([400, 'callback']);
    expect(await post('v2', { callback: 'https://169.254.169.254/latest/meta-data' })).toEqual([422, 'callback']);
    expect(await post('v1', { callback: 'https://169.254.169.254/latest/meta-data' })).toEqual([400, 'callback']);
    expect(await post('v2', { callback: `${gateway.url}/o2ims` })).toEqual([422, 'callback']);
    expect(await post('v2', { ...body, filter: '(eq,nothing,x)' })).toEqual([400, 'filter']);
    expect(await post('v2', { ...body, colour: 'red' })).toEqual([400, 'body']);
    expect(await post('v2', '{"callback": ')).toEqual([400, 'body']);
    expect(await post('v2', '<a/>', { headers: { 'Content-Type': 'application/xml' } })).toEqual([415, undefined]);
    expect(await post('v2', body, { headers: { Version: '9.0.0' } })).toEqual([406, undefined]);
    callback.state.verifies = 200;
    expect(await post('v2', body)).toEqual([422, 'callback']);
    expect(await post('v1', body)).toEqual([400, 'callback']);
    callback.state.verifies = 204;
    const id = await subscribe(body);
    expect(await post('v2', body)).toEqual([409, 'callback']);
    for (const path of [`${o2}/v2/subscriptions`, own]) {
      const { body: said } = await ask(path, { method: 'POST', body });
      expect(said['detail']).toContain(`'${id}'`);
      expect(said['detail']).toMatch(new RegExp(`It is at http\\S+${path.replaceAll('/', '\\/')}/${id}\\.$`));
    }
    const inV1 = await ask(`${o2}/v1/subscriptions`, { method: 'POST', body });
    expect(inV1.status).toBe(201);
    expect(await post('v1', body)).toEqual([400, 'callback']);
    for (const [method, status] of [
      ['PUT', 405],
      ['PATCH', 405],
      ['DELETE', 405],
    ] as const) {
      const refused = await ask(`${o2}/v2/subscriptions`, { method });
      expect([refused.status, refused.headers['allow']]).toEqual([status, 'GET, HEAD, OPTIONS, POST']);
    }
    for (const each of [id, inV1.body['subscriptionId'] as string])
      expect((await ask(`${own}/${each}`, { method: 'DELETE' })).status).toBe(204);
  });
});

describe('what a subscription would tell', () => {
  test('must be readable by who subscribes', async () => {
    const body = { callback: `${callback.url}/blind` };
    const { status, body: said } = await ask(`${o2}/v2/subscriptions`, { method: 'POST', body, as: 'blind' });
    expect([status, said['code']]).toEqual([403, 'FORBIDDEN']);
    expect(callback.state.verified).toBe(0);
  });

  test('is shown to no other callback with the credentials of this one', async () => {
    const value = { callback: `${callback.url}/kept`, credentials: { bearer: 'of-this-callback' } };
    const made = await ask(own, { method: 'POST', body: value });
    const at = `${own}/${String(made.body['id'])}`;
    expect(JSON.stringify(made.body)).not.toContain('of-this-callback');
    const headers = { 'Content-Type': 'application/merge-patch+json' };
    const moved = await ask(at, { method: 'PATCH', body: { callback: `${callback.url}/other` }, headers });
    expect([moved.status, moved.body['at']]).toEqual([400, 'credentials']);
    const broken = await ask(at, { method: 'PATCH', body: { credentials: { bearer: 'two\nlines' } }, headers });
    expect([broken.status, broken.body['at']]).toEqual([400, 'credentials/bearer']);
    expect((await ask(at, { method: 'DELETE' })).status).toBe(204);
  });

  test('is shown with new credentials at the new callback alone, and with the old ones after a refused change', async () => {
    const other = await receiver();
    const taken = `${callback.url}/taken`;
    const blocker = await ask(own, { method: 'POST', body: { callback: taken } });
    const made = await ask(own, {
      method: 'POST',
      body: { callback: `${callback.url}/mine`, credentials: { bearer: 'first' } },
    });
    const at = `${own}/${String(made.body['id'])}`;
    const patch = (body: object) =>
      ask(at, { method: 'PATCH', body, headers: { 'Content-Type': 'application/merge-patch+json' } });
    const refused = await patch({ callback: taken, credentials: { bearer: 'never' } });
    expect([refused.status, refused.body['at']]).toEqual([409, 'callback']);
    expect((await ask(`${own}/${String(blocker.body['id'])}`, { method: 'DELETE' })).status).toBe(204);
    await createPool('after a refusal');
    await until(() => told('after a refusal').length === 1);
    expect(told('after a refusal')[0]!.headers.authorization).toBe('Bearer first');

    const moved = await patch({ callback: other.url, credentials: { bearer: 'second' } });
    expect(moved.status).toBe(200);
    await createPool('after the move');
    await until(() => other.received.length === 1);
    expect(other.received[0]!.headers.authorization).toBe('Bearer second');
    expect(callback.received.filter(({ headers }) => /second|never/.test(headers.authorization ?? ''))).toEqual([]);

    expect((await patch({ credentials: null })).status).toBe(200);
    await createPool('without any');
    await until(() => other.received.length === 2);
    expect(other.received[1]!.headers.authorization).toBeUndefined();
    expect((await ask(at, { method: 'DELETE' })).status).toBe(204);
    await other.close();
  });
});

describe('notifications', () => {
  test('tell of creation, change and deletion, in order, signed, with references that lead there', async () => {
    const id = await subscribe({ consumerSubscriptionId: 'mine', filter: '(neq,objectType,ResourcePoolInfo)' });
    const secret = (await ask(`${own}/${id}/rotateSecret`, { method: 'POST', body: { overlapHours: 0 } })).body[
      'signingSecret'
    ];
    const pool = await createPool('told');
    await ask(`/netweave/v1/resourcePools/${pool}`, {
      method: 'PATCH',
      body: { description: 'changed' },
      headers: { 'Content-Type': 'application/merge-patch+json' },
    });
    await ask(`/netweave/v1/resourcePools/${pool}`, { method: 'DELETE' });
    await until(() => callback.received.length >= 3);
    const [created, modified, deleted] = callback.received.map(({ body }) => body);
    expect([created, modified, deleted].map((body) => body!['notificationEventType'])).toEqual([0, 1, 2]);
    expect(created).toMatchObject({
      consumerSubscriptionId: 'mine',
      postObjectState: { resourcePoolId: pool, name: 'told' },
    });
    expect(created).not.toHaveProperty('priorObjectState');
    expect(created!['objectRef']).toBe(`${gateway.url}${o2}/v2/resourcePools/${pool}`);
    expect(modified).toMatchObject({
      priorObjectState: { description: 'x' },
      postObjectState: { description: 'changed' },
    });
    expect(deleted).toMatchObject({ priorObjectState: { description: 'changed' } });
    for (const { headers, text, body } of callback.received) {
      expect(headers['webhook-id']).toBe(body['notificationId']);
      expect(() => new Webhook(secret as string).verify(text, headers as Record<string, string>)).not.toThrow();
    }
    const delivery = async () => (await ask(`${own}/${id}/delivery`)).body;
    await until(async () => (await delivery())['delivered'] === 3);
    expect(await delivery()).toMatchObject({
      subscriptionId: id,
      deadLetters: 0,
      attempts: 0,
      lagSeconds: 0,
      lastAttempt: { status: 204 },
    });
    expect(await ask(`${own}/${id}/deadLetters?after=zzz`)).toMatchObject({
      status: 400,
      body: { at: 'after', detail: expect.stringContaining('16 digits') },
    });
    await ask(`${own}/${id}`, { method: 'DELETE' });
    await createPool('told no more');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(callback.received).toHaveLength(3);
  });

  test('of a tenant are its own and what is shared; nobody sees another’s subscription', async () => {
    const red = await subscribe({ consumerSubscriptionId: 'red' }, 'red');
    const all = await subscribe({ consumerSubscriptionId: 'all' });
    expect((await ask(`${own}/${red}`, { as: 'blue' })).status).toBe(404);
    expect((await ask(`${own}/${all}`, { as: 'red' })).status).toBe(404);
    expect((await ask(`${own}/${red}/delivery`, { as: 'blue' })).status).toBe(404);
    await createPool('of blue', 'blue');
    await createPool('of red', 'red');
    await until(() => told('of red').length === 2 && told('of blue').length === 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(told('of blue').map(({ body }) => body['consumerSubscriptionId'])).toEqual(['all']);
    expect(new Set(told('of red').map(({ body }) => body['consumerSubscriptionId']))).toEqual(new Set(['all', 'red']));
    for (const [id, as] of [
      [red, 'red'],
      [all, 'admin'],
    ] as const)
      await ask(`${own}/${id}`, { method: 'DELETE', as });
  });

  test('wait while paused, and go out once when resumed', async () => {
    const id = await subscribe({ filter: '(neq,objectType,ResourcePoolInfo)' });
    const paused = await ask(`${own}/${id}/pause`, { method: 'POST', body: {} });
    expect(paused.body).toMatchObject({ value: { state: 'paused' } });
    await createPool('while paused');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(told('while paused')).toHaveLength(0);
    expect((await ask(`${own}/${id}/resume`, { method: 'POST', body: {} })).body).toMatchObject({
      value: { state: 'active' },
    });
    await until(() => told('while paused').length === 1);
    await ask(`${own}/${id}`, { method: 'DELETE' });
  });

  test('end when the callback says 410, visibly on every facade, and can be sent again', async () => {
    const id = await subscribe({ filter: '(neq,objectType,ResourcePoolInfo)' });
    callback.state.status = 410;
    await createPool('unwanted');
    const query = `{ inventorySubscription(id: "${id}") { state stateReason delivery { lagEvents lastAttempt { status error } } } }`;
    const shown = async () =>
      (await ask('/graphql', { method: 'POST', body: { query } })).body['data'] as {
        inventorySubscription: { state: string };
      };
    await until(async () => (await shown()).inventorySubscription.state === 'disabled');
    expect(await shown()).toMatchObject({ inventorySubscription: { delivery: { lastAttempt: { status: 410 } } } });
    callback.state.status = 204;
    await ask(`${own}/${id}/resume`, { method: 'POST', body: {} });
    await until(() => told('unwanted').length >= 2);
    const [first, second] = told('unwanted').slice(0, 2);
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
    await ask(`${own}/${id}`, { method: 'DELETE' });
  });

  test('can be tried', async () => {
    const id = await subscribe();
    const tried = await ask(`${own}/${id}/test`, { method: 'POST', body: {} });
    expect(tried.body).toMatchObject({ delivered: true, status: 204 });
    callback.state.status = 500;
    expect((await ask(`${own}/${id}/test`, { method: 'POST', body: {} })).body).toMatchObject({
      delivered: false,
      status: 500,
    });
    await ask(`${own}/${id}`, { method: 'DELETE' });
  });
});
