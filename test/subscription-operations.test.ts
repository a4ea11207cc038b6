import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Delivery } from '#schema/delivery.js';
import { objectNames, objects } from '#schema/objects.js';
import { receiver } from './callback-receiver.js';
import { call, facades, operationOf, type Facade, type Input, type Outcome, type Value } from './facade-calls.js';
import { openGatewayUnderTest, until, type GatewayUnderTest } from './gateway-under-test.js';
import { callOverWebSocket, websocket } from './live/calls-over-websocket.js';

const desk = ['inventorySubscriptions:read', 'inventorySubscriptions:update'];
const reads = objectNames.map((name) => `${objects[name].collection}:read`);

let gateway: GatewayUnderTest;
const callbacks: Awaited<ReturnType<typeof receiver>>[] = [];
beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 3, size: 40, pools: 8, changesPerSecond: 0 } } },
    clients: {
      admin: { roles: ['admin'] },
      leaver: { roles: ['operator'] },
      desk: { roles: ['desk'] },
      partly: { roles: ['desk', 'partly'] },
      wholly: { roles: ['desk', 'reader'] },
    },
    yaml: `roles: ${JSON.stringify({ desk, partly: reads.filter((each) => each !== 'deploymentManagers:read') })}`,
  });
});
afterAll(async () => {
  await gateway.close();
  for (const each of callbacks) await each.close();
});

async function ask(facade: Facade, name: string, input: Input, as = 'admin'): Promise<Outcome> {
  const operation = operationOf(name);
  const asked = { as, headers: {} };
  const outcome = await (facade === websocket
    ? callOverWebSocket(gateway, operation, input, asked)
    : call(gateway, facade, operation, input, asked));
  // How it is doing is a field of it in GraphQL alone.
  return { ...outcome!, values: outcome!.values.map(({ delivery: _, ...value }) => value) };
}

const secretForm = /^whsec_[A-Za-z0-9+/]{32,}=*$/;
const timeForm = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const positionForm = /^\d+\.[0-9a-f]+$/;
/** What no two subscriptions have in common, by what it must look like; numbers are of milliseconds. */
const forms: Readonly<Record<string, RegExp>> = {
  subscriptionId: /^[0-9a-f-]{36}$/,
  credentialsId: /^[0-9a-f-]{36}$/,
  signingSecretId: /^[0-9a-f-]{36}$/,
  callback: /^http:\/\/127\.0\.0\.1:\d+\/notify/,
  signingSecret: secretForm,
  previousUntil: timeForm,
  at: timeForm,
  milliseconds: /^\d+(\.\d+)?$/,
  from: positionForm,
  position: positionForm,
};

/** An answer without what is of one subscription alone. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const told = Object.entries(value).map(([name, each]) => {
    const form = forms[name];
    if (form) expect(String(each)).toMatch(form);
    return [name, form ? String(form) : comparable(each)] as const;
  });
  return Object.fromEntries(told);
}

async function makePool(name: string): Promise<void> {
  const value = { name, description: 'x' };
  expect(
    (
      await ask(
        facades.find((each) => each.name === 'own')!,
        'resourcePools.create',
        { value },
      )
    ).code,
  ).toBe('OK');
}

/** The life of a subscription through one facade, whatever is done with it read through another: what all of that answers. */
async function lifeThrough(facade: Facade, reader: Facade): Promise<Readonly<Record<string, unknown>>> {
  const callback = await receiver();
  callbacks.push(callback);
  const told = () => callback.received.map(({ body }) => (body['postObjectState'] as Value | undefined)?.['name']);
  const story: Record<string, unknown> = {};
  const step = async (title: string, verb: string, input: Input): Promise<Value | undefined> => {
    const { code, values } = await ask(facade, `inventorySubscriptions.${verb}`, input);
    const id = String(values[0]?.['subscriptionId'] ?? input['id']);
    const { code: found, values: read } = await ask(reader, 'inventorySubscriptions.get', { id });
    // What was answered is what stands, for whoever reads it.
    if (values[0]?.['subscriptionId'] !== undefined && verb !== 'delete') expect(read).toEqual(values);
    story[title] = comparable({ code, values, found, read });
    return values[0];
  };
  const credentials = { bearer: 'first' };
  const value = { callback: callback.url, consumerSubscriptionId: 'c', filter: '(neq,objectType,ResourcePoolInfo)' };
  const made = await step('create', 'create', { value: { ...value, credentials, ordering: 'resource' } });
  const id = String(made!['subscriptionId']);
  await step('create again', 'create', { value });
  await step('test', 'test', { id });
  expect(callback.received.at(-1)!.headers.authorization).toBe('Bearer first');
  await step('update', 'update', { id, patch: { consumerSubscriptionId: 'd', states: 'object', credentials: null } });
  await step('pause', 'pause', { id });
  callback.received.length = 0;
  await makePool(`paused ${facade.name}`);
  await step('resume', 'resume', { id });
  await until(() => told().includes(`paused ${facade.name}`));
  expect(callback.received.at(-1)!.headers.authorization).toBeUndefined();
  await until(async () => (await ask(reader, 'inventorySubscriptions.delivery', { id })).values[0]!['delivered'] === 1);
  await step('rotateSecret', 'rotateSecret', { id, overlapHours: 1 });
  await step('rotateSecret, the previous one not along', 'rotateSecret', { id, overlapHours: 0 });
  const since = String((await ask(reader, 'inventorySubscriptions.delivery', { id })).values[0]!['position']);
  await makePool(`replayed ${facade.name}`);
  await until(() => told().includes(`replayed ${facade.name}`));
  callback.received.length = 0;
  await step('replay', 'replay', { id, since });
  await until(() => told().includes(`replayed ${facade.name}`));
  expect(told()).toEqual([`replayed ${facade.name}`]);
  await step('replay of dead letters', 'replay', { id, allDeadLetters: true });
  await step('replay of one that is none', 'replay', { id, deadLetters: ['1000000000000001'] });
  await step('replay of nothing', 'replay', { id });
  callback.state.status = 503;
  await step('test, refused', 'test', { id });
  callback.state.verifies = 500;
  await step('update, not verified', 'update', { id, patch: { consumerSubscriptionId: 'e' } });
  await step('delete', 'delete', { id });
  await step('delete again', 'delete', { id });
  return story;
}

test('the life of a subscription is the same through every facade, and every step of it is readable at once through others', async () => {
  const through = [...facades, websocket].filter(({ name }) => name !== 'rest');
  const stories: Readonly<Record<string, unknown>>[] = [];
  for (const [at, facade] of through.entries())
    stories.push(await lifeThrough(facade, through[(at + 1) % through.length]!));
  const codes = Object.entries(stories[0]!).map(([title, step]) => [title, (step as { readonly code: string }).code]);
  expect(Object.fromEntries(codes)).toEqual({
    create: 'OK',
    'create again': 'CONFLICT',
    test: 'OK',
    update: 'OK',
    pause: 'OK',
    resume: 'OK',
    rotateSecret: 'OK',
    'rotateSecret, the previous one not along': 'OK',
    replay: 'OK',
    'replay of dead letters': 'OK',
    'replay of one that is none': 'INVALID',
    'replay of nothing': 'INVALID',
    'test, refused': 'OK',
    'update, not verified': 'UNPROCESSABLE',
    delete: 'OK',
    'delete again': 'NOT_FOUND',
  });
  expect(stories[0]).toMatchObject({
    create: { values: [{ state: 'active', authentication: ['bearer'], ordering: 'resource', states: 'object' }] },
    test: { values: [{ delivered: true, status: 204 }] },
    update: { values: [{ consumerSubscriptionId: 'd', authentication: [] }] },
    pause: { values: [{ state: 'paused', stateReason: 'Paused by the consumer.' }] },
    resume: { values: [{ state: 'active' }] },
    rotateSecret: { values: [{ signingSecret: String(secretForm), previousUntil: String(timeForm) }] },
    replay: { values: [{ from: String(positionForm) }] },
    'replay of dead letters': { values: [{ notifications: 0 }] },
    'test, refused': { values: [{ delivered: false, status: 503 }] },
    delete: { found: 'NOT_FOUND' },
  });
  for (const story of stories.slice(1)) expect(story).toEqual(stories[0]);
});

test('what a client has made is found by its name, whoever changed it since, and can be deleted when it may call no more', async () => {
  const callback = await receiver();
  callbacks.push(callback);
  const [rest, own] = facades;
  const create = (path: string, as?: string) =>
    ask(own!, 'inventorySubscriptions.create', { value: { callback: `${callback.url}/${path}` } }, as);
  const [left] = (await create('left', 'leaver')).values;
  await create('stays');
  const id = String(left!['subscriptionId']);
  await ask(own!, 'inventorySubscriptions.update', { id, patch: { consumerSubscriptionId: 'changed' } });
  for (const facade of [...facades, websocket].filter((each) => each !== rest)) {
    const { values } = await ask(facade, 'inventorySubscriptions.list', { filter: '(eq,createdBy,leaver)' });
    expect(values).toMatchObject([{ subscriptionId: id, createdBy: 'leaver', consumerSubscriptionId: 'changed' }]);
  }
  expect((await ask(own!, 'inventorySubscriptions.delete', { id })).code).toBe('OK');
});

test('how far a subscription is behind whose callback fails is what happened since, through every facade', async () => {
  const callback = await receiver();
  callbacks.push(callback);
  const own = facades.find(({ name }) => name === 'own')!;
  const value = { callback: callback.url, filter: '(neq,objectType,ResourcePoolInfo)' };
  const id = String((await ask(own, 'inventorySubscriptions.create', { value })).values[0]!['subscriptionId']);
  const lag = async (through: Facade = own) => {
    const [shown] = (await ask(through, 'inventorySubscriptions.delivery', { id })).values;
    return shown as unknown as Delivery;
  };
  await until(async () => (await lag()).lagEvents === 0);
  const { position } = await lag();
  callback.state.status = 500;
  const before = Date.now();
  await makePool('not taken');
  const after = Date.now();
  await until(async () => (await lag()).attempts === 1);
  for (const name of ['one', 'two']) await makePool(`behind it, ${name}`);
  await until(() => Date.now() > after);
  for (const facade of [...facades, websocket].filter(({ name }) => name !== 'rest')) {
    const asked = Date.now();
    const { lagSeconds, ...shown } = await lag(facade);
    // Each pool is one change; the age is that of the oldest, which was made in between.
    expect(shown).toMatchObject({ lagEvents: 3, position, delivered: 0, lastAttempt: { status: 500 } });
    expect(lagSeconds * 1000).toBeGreaterThanOrEqual(asked - after);
    expect(lagSeconds * 1000).toBeLessThanOrEqual(Date.now() - before);
    expect(lagSeconds).toBeGreaterThan(0);
  }
  callback.state.status = 204;
  for (const verb of ['pause', 'resume']) await ask(own, `inventorySubscriptions.${verb}`, { id });
  await until(async () => (await lag()).delivered === 3);
  await until(async () => (await lag()).lagEvents === 0);
  expect(await lag()).toMatchObject({ lagSeconds: 0, attempts: 0 });
});

test('what was given up is shown, and sent again, only by order of who may read all that it tells of, through every facade', async () => {
  const callback = await receiver();
  callbacks.push(callback);
  const own = facades.find(({ name }) => name === 'own')!;
  const made = await ask(own, 'inventorySubscriptions.create', { value: { callback: callback.url } });
  const id = String(made.values[0]!['subscriptionId']);
  const orders = [
    ['delivery', { id }],
    ['deadLetters', { id }],
    ['replay', { id, allDeadLetters: true }],
    ['replay', { id, since: made.reply.headers['x-netweave-position'] }],
  ] as const;
  for (const facade of [...facades, websocket].filter(({ name }) => name !== 'rest'))
    for (const as of ['desk', 'partly', 'wholly']) {
      const codes = orders.map(
        async ([name, input]) => (await ask(facade, `inventorySubscriptions.${name}`, input, as)).code,
      );
      const may = as === 'wholly' ? 'OK' : 'FORBIDDEN';
      expect([facade.name, as, ...(await Promise.all(codes))]).toEqual([facade.name, as, 'OK', may, may, may]);
    }
});
