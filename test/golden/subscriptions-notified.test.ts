import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openGatewayUnderTest, type GatewayUnderTest } from '#test/gateway-under-test.js';
import { attributesOf, isMandatory, majors, types } from './attributes.js';
import { base, json, openGolden, type Golden, type Reply, type Row } from './client.js';
import { openReceiver, quiet, soon, type Receiver } from './receiver.js';
import { spellings, versionForm } from './routes.js';
import {
  credentials,
  noUuid,
  notificationFaults,
  redirects,
  reportCases,
  statuses,
  subscriptionAttributes,
  successes,
  upperCaseUuid,
  type Event,
} from './subscriptions.js';

let golden: Golden;
let receiver: Receiver;
/** One more, so that what fails there holds up nothing here. */
let unreliable: Receiver;
beforeAll(async () => {
  [golden, receiver, unreliable] = await Promise.all([openGolden(), openReceiver(), openReceiver()]);
});
afterAll(async () => {
  await golden.close();
  await Promise.all([receiver.close(), unreliable.close()]);
});

const families = majors.flatMap((major) =>
  spellings.map((spelling) => ({ major, spelling, prefix: base(major, spelling) })),
);
const poolType = types.find(({ type }) => type === 'ResourcePoolInfo')!;

/** Changes the inventory through the gateway's own API, which is no part of the contract. */
async function write(method: string, path: string, body?: Row): Promise<Reply> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const content = body === undefined ? {} : { headers: { 'Content-Type': type }, body: JSON.stringify(body) };
  const reply = await golden.send(`/netweave/v1/resourcePools${path}`, { method, ...content });
  if (reply.status >= 300) throw new Error(`${method} of a pool was answered ${reply.status}: ${reply.text}`);
  return reply;
}

async function makePool(name: string): Promise<string> {
  await write('POST', '', { name, description: 'first' });
  const target = `${base('v2')}/resourcePools?filter=(eq,name,${name})`;
  return soon(
    `the pool ${name}`,
    async () => (await golden.crawl(target))[0]?.['resourcePoolId'] as string | undefined,
  );
}

async function subscribe(prefix: string, body: Row): Promise<string> {
  const ask = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const reply = await golden.send(`${prefix}/subscriptions`, ask);
  if (reply.status !== 201) throw new Error(`expected 201, got ${reply.status}: ${reply.text}`);
  return String((json(reply) as Row)['subscriptionId']);
}

const stateOf = (body: Row): Row => (body['postObjectState'] ?? body['priorObjectState'] ?? {}) as Row;

/** What a callback was told of a pool, repetitions among it. */
function allTold(of: Receiver, callback: string, pool: string): Row[] {
  const isPool = (state: Row): boolean => state['resourcePoolId'] === pool && !('resourceId' in state);
  return of.notifications(callback).filter((body) => isPool(stateOf(body)));
}

/** The same, each notification once. */
function told(of: Receiver, callback: string, pool: string): Row[] {
  const byId = new Map(allTold(of, callback, pool).map((body) => [body['notificationId'], body]));
  return [...byId.values()];
}

const eventsOf = (rows: readonly Row[]): unknown[] => rows.map((body) => body['notificationEventType']);

/** The events, as soon as they are as many as expected, and whatever there is after ten seconds. */
async function events(look: () => readonly Row[], expected: readonly Event[]): Promise<unknown[]> {
  await soon('notifications', () => (look().length >= expected.length ? true : undefined)).catch(() => undefined);
  return eventsOf(look());
}

describe.each(families)('notifications of $prefix', ({ major, prefix }) => {
  const name = `golden-${prefix.replaceAll('/', '-').slice(1)}`;
  const made = new Map<string, { readonly callback: string; readonly id: string }>();
  const read: Reply[] = [];
  let pool = '';
  let later = '';

  const callbackOf = (key: string): string => made.get(key)?.callback ?? '';
  const toldTo = (key: string): Row[] => told(receiver, callbackOf(key), pool);
  const make = async (key: string, body: Row = {}, callback = receiver.callback()): Promise<void> => {
    made.set(key, { callback, id: await subscribe(prefix, { callback, ...body }) });
  };
  const end = async (key: string): Promise<void> => {
    const reply = await golden.send(`${prefix}/subscriptions/${made.get(key)?.id ?? ''}`, { method: 'DELETE' });
    expect(reply.status).toBe(statuses.deleted[major]);
  };
  /** Waits for an event of the pool and reads what it refers to. */
  const witness = async (event: Event): Promise<void> => {
    const look = (): Row | undefined => toldTo('all').find((body) => body['notificationEventType'] === event);
    const { objectRef } = await soon(`event ${event} of ${pool}`, look);
    if (typeof objectRef === 'string') read[event] = await golden.send(golden.targetOf(objectRef));
  };

  /** The life of a pool: made as `first`, changed to `second`, deleted. */
  beforeAll(async () => {
    await make('all', { consumerSubscriptionId: upperCaseUuid });
    await make('other consumer', { consumerSubscriptionId: noUuid });
    await make('no consumer');
    for (const key of ['ended at once', 'ended later']) await make(key);
    for (const { filter } of reportCases) await make(filter || 'empty', { filter: filter.replace('NAME', name) });
    for (const status of successes) await make(`success ${status}`, {}, receiver.callback(204, status));
    for (const status of redirects) await make(`redirect ${status}`, {}, unreliable.callback(204, status));
    await make('repeated', {}, unreliable.callback(204, 503, 204));
    await make('gone', {}, unreliable.callback(204, 410));
    await end('ended at once');
    pool = await makePool(name);
    await witness(0);
    await make('late');
    await soon('event 0', () => toldTo('ended later')[0]);
    await soon('410', () => unreliable.notifications(callbackOf('gone'))[0]);
    await write('PATCH', `/${pool}`, { description: 'second' });
    await witness(1);
    await soon('event 1', () => toldTo('ended later')[1]);
    await end('ended later');
    await quiet();
    later = JSON.stringify(receiver.notifications(callbackOf('ended later')));
    await write('DELETE', `/${pool}`);
    await witness(2);
    await quiet();
  }, 60_000);

  test('§2.1 a creation is 0, a modification 1, a deletion 2, in this order', () => {
    expect(eventsOf(toldTo('all'))).toEqual([0, 1, 2]);
  });

  test.each(['all', 'other consumer', 'no consumer'])(
    '§2.1 everything that was notified is as its table: %s',
    (key) => {
      const consumers = new Map([
        ['all', upperCaseUuid],
        ['other consumer', noUuid],
      ]);
      const bodies = receiver.notifications(callbackOf(key));
      expect(bodies.length).toBeGreaterThanOrEqual(3);
      const ruled = { root: golden.apiRoot, major, consumerSubscriptionId: consumers.get(key) };
      const faults = bodies.flatMap((body) => notificationFaults(body, ruled));
      expect(faults).toEqual([]);
    },
  );

  test('§2.1 the states are those before and after, with the attributes of the major', () => {
    const [created, modified, deleted] = toldTo('all');
    expect(created?.['postObjectState']).toMatchObject({ resourcePoolId: pool, name, description: 'first' });
    expect(modified?.['priorObjectState']).toEqual(created?.['postObjectState']);
    expect(modified?.['postObjectState']).toMatchObject({ resourcePoolId: pool, name, description: 'second' });
    expect(deleted?.['priorObjectState']).toEqual(modified?.['postObjectState']);
    const known = attributesOf(poolType, major).map((attribute) => attribute.name);
    const mandatory = attributesOf(poolType, major).filter(isMandatory);
    for (const body of toldTo('all')) {
      const keys = Object.keys(stateOf(body));
      expect(keys).toEqual(expect.arrayContaining(mandatory.map((attribute) => attribute.name)));
      expect(keys.filter((key) => !known.includes(key))).toEqual([]);
    }
  });

  test('§2.1 objectRef is the absolute URI of the object, in the major of the subscription and the canonical spelling (0.1)', () => {
    const refs = toldTo('all').map((body) => body['objectRef']);
    const canonical = prefix.replace('O2ims_', 'o2ims-');
    const uri = `${golden.apiRoot}${canonical}/resourcePools/${pool}`;
    expect(refs.slice(0, 2)).toEqual([uri, uri]);
    expect([uri, undefined]).toContain(refs[2]);
  });

  test('§2.1 objectRef can be read, until the object is deleted', () => {
    expect(read.slice(0, 2).map((reply) => reply.status)).toEqual([200, 200]);
    expect(json(read[0]!)).toMatchObject({ resourcePoolId: pool, description: 'first' });
    expect(json(read[1]!)).toMatchObject({ resourcePoolId: pool, description: 'second' });
    expect(read[2]?.status ?? 404).toBe(404);
  });

  test('§1.9 each notification has its own notificationId', () => {
    const ids = receiver.notifications(callbackOf('all')).map((body) => body['notificationId']);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('§1.2 notifications are JSON', () => {
    const sent = receiver.requests(callbackOf('all'), 'POST');
    expect(sent.filter(({ headers }) => !/^application\/json\b/.test(headers['content-type'] ?? ''))).toEqual([]);
  });

  test('§2.6 notifications carry Version', () => {
    for (const { headers } of receiver.requests(callbackOf('all'), 'POST')) {
      expect(headers['version']).toMatch(versionForm);
      expect(String(headers['version']).split('.')[0]).toBe(major.slice(1));
    }
  });

  test.each(reportCases)('§2.7 $why: $filter leaves $reported', async ({ filter, reported }) => {
    expect(await events(() => toldTo(filter || 'empty'), reported)).toEqual(reported);
  });

  test.each(successes)('§2.6 %i is success', async (status) => {
    const key = `success ${status}`;
    expect(await events(() => toldTo(key), [0, 1, 2])).toEqual([0, 1, 2]);
    expect(allTold(receiver, callbackOf(key), pool)).toEqual(toldTo(key));
  });

  test.each(redirects)('§2.6 %i is not followed', async (status) => {
    const callback = callbackOf(`redirect ${status}`);
    await soon('a notification', () => unreliable.requests(callback, 'POST')[0]);
    const target = unreliable.target(callback);
    expect([...unreliable.requests(target, 'POST'), ...unreliable.requests(target, 'GET')]).toEqual([]);
  });

  test('§2.6 what failed is repeated under the same notificationId, and nothing overtakes it', async () => {
    const callback = callbackOf('repeated');
    const look = (): Row[] => told(unreliable, callback, pool);
    expect(await events(look, [0, 1, 2])).toEqual([0, 1, 2]);
    const [first, second] = unreliable.notifications(callback);
    expect(second).toEqual(first);
  });

  test('§2.6 after 410 nothing is notified', () => {
    expect(unreliable.notifications(callbackOf('gone'))).toHaveLength(1);
  });

  test('§2.6 410 ends the subscription: it is gone, or shows by an attribute of its own that it ended', async () => {
    const target = `${prefix}/subscriptions/${made.get('gone')?.id ?? ''}?all_fields`;
    const reply = await golden.send(target);
    const own = Object.keys(json(reply) as Row).filter((key) => !subscriptionAttributes.includes(key));
    const ended = reply.status === 404 || own.length > 0;
    expect({ ended, answered: reply.text }).toEqual({ ended: true, answered: expect.any(String) });
  });

  test('§2.6 after DELETE nothing is notified', () => {
    expect(receiver.notifications(callbackOf('ended at once'))).toEqual([]);
    expect(JSON.stringify(receiver.notifications(callbackOf('ended later')))).toBe(later);
  });

  test('§2.6 a new subscription sees only what comes after it', async () => {
    expect(await events(() => toldTo('late'), [1, 2])).toEqual([1, 2]);
  });
});

describe('§2.1 an O-Cloud that changes by itself', () => {
  let gateway: GatewayUnderTest;
  beforeAll(async () => {
    const simulators = { live: { embedded: { seed: 7, size: 60, changesPerSecond: 40 } } };
    gateway = await openGatewayUnderTest({ simulators });
  });
  afterAll(() => gateway.close());

  async function notified(prefix: string, filter: string, atLeast: number): Promise<readonly Row[]> {
    const body = { callback: receiver.callback(), consumerSubscriptionId: prefix, filter };
    const reply = await gateway.send(`${prefix}/subscriptions`, { method: 'POST', body });
    expect(reply.status).toBe(201);
    await soon(`${atLeast} notifications`, () => receiver.notifications(body.callback)[atLeast - 1]);
    return receiver.notifications(body.callback);
  }

  test.each(families)('everything that is notified is as its table: $prefix', async ({ major, prefix }) => {
    const ruled = { root: gateway.url, major, consumerSubscriptionId: prefix };
    const bodies = await notified(prefix, '', 30);
    expect(bodies.flatMap((body) => notificationFaults(body, ruled))).toEqual([]);
  });

  test.each(families)('deployment managers come without credentials: $prefix', async ({ prefix }) => {
    const read = await gateway.send(`${prefix}/deploymentManagers?all_fields`);
    expect(read.text).toMatch(credentials);
    const bodies = await notified(prefix, '(neq,objectType,DeploymentManagerInfo)', 1);
    for (const body of bodies) {
      expect(stateOf(body)).toHaveProperty('deploymentManagerId');
      expect(JSON.stringify(body)).not.toMatch(credentials);
    }
  });
});
