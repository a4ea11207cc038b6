import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openGatewayUnderTest, until, type Ask, type GatewayUnderTest } from '../gateway-under-test.js';
import { listenTo, type EventClient, type Listen } from './event-client.js';

let gateway: GatewayUnderTest;
const open: EventClient[] = [];

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 3, size: 60, pools: 3, changesPerSecond: 40 } } },
    clients: { admin: { roles: ['admin'] }, nobody: { roles: ['nothing'] }, pools: { roles: ['pool-reader'] } },
    yaml: 'roles: { nothing: ["resourcePools:create"], pool-reader: ["resourcePools:read"] }',
  });
});
afterEach(() => open.splice(0).forEach(({ leave }) => leave()));
afterAll(async () => {
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

async function listen(query = '', options: Listen = { as: 'admin' }, at = gateway): Promise<EventClient> {
  const client = await listenTo(at, query, options);
  open.push(client);
  return client;
}

const seqOf = (position: unknown) => Number(String(position).split('.')[0]);

describe('what is told', () => {
  test('changes with the object, its id that of the event, behind where the stream began', async () => {
    const client = await listen();
    const modified = () =>
      client.told().find(({ change, objectType }) => change === 'MODIFIED' && objectType === 'Resource');
    await until(() => client.told().length >= 3 && modified() !== undefined);
    const { status, headers, heard } = client;
    expect([status, headers['content-type'], headers['cache-control'], headers['x-accel-buffering']]).toEqual([
      200,
      'text/event-stream',
      'no-store',
      'no',
    ]);
    expect(heard[0]).toEqual({ event: 'message', id: headers['x-netweave-position'], data: undefined });
    for (const { id, data } of heard.slice(1)) expect(data).toMatchObject({ position: id });
    for (const each of client.told())
      expect(Object.keys(each)).toEqual(['change', 'objectType', 'id', 'object', 'changed', 'at', 'position']);
    const { changed, object, id } = modified()!;
    expect((changed as string[]).length).toBeGreaterThan(0);
    expect((object as { resourceId: string }).resourceId).toBe(id);
  });

  test('the objects that are asked for, and of these what the filter is true of', async () => {
    const made = async (name: string) => {
      const body = { name, description: 'Made by a test' };
      const reply = await gateway.send('/netweave/v1/resourcePools', { method: 'POST', as: 'admin', body });
      return JSON.parse(reply.text) as { id: string };
    };
    const [pools, wanted] = [
      await listen('?objects=ResourcePool'),
      await listen('?objects=ResourcePool&filter=(eq,name,wanted)'),
    ];
    // The O-Cloud changes pools of its own too.
    const ours = new Set([(await made('other')).id]);
    const { id } = await made('wanted');
    ours.add(id);
    await gateway.send(`/netweave/v1/resourcePools/${id}`, { method: 'DELETE', as: 'admin' });
    const said = (client: EventClient) =>
      client
        .told()
        .filter((each) => ours.has(each['id'] as string))
        .map(({ change, object }) => [change, object && (object as { name: string }).name]);
    await until(() => said(pools).length >= 3 && wanted.told().length >= 2);
    expect(wanted.told()).toHaveLength(2);
    for (const { objectType } of pools.told()) expect(objectType).toBe('ResourcePool');
    expect(said(pools)).toEqual([
      ['CREATED', 'other'],
      ['CREATED', 'wanted'],
      ['DELETED', null],
    ]);
    expect(said(wanted)).toEqual([
      ['CREATED', 'wanted'],
      ['DELETED', null],
    ]);
  });

  test('to who may read some objects only, changes of these', async () => {
    const client = await listen('', { as: 'pools' });
    await gateway.send('/netweave/v1/resourcePools', {
      method: 'POST',
      as: 'admin',
      body: { name: 'p', description: 'd' },
    });
    await until(() => client.told().length >= 1);
    for (const { objectType } of client.told()) expect(objectType).toBe('ResourcePool');
  });
});

describe('who comes back', () => {
  test('goes on where it was, by the id of the last event, with nothing lost or told twice', async () => {
    const positions: number[] = [];
    let id: string | undefined;
    for (let round = 0; round < 4; round += 1) {
      const client = await listen('?since=0.0', {
        as: 'admin',
        ...(id === undefined ? {} : { headers: { 'Last-Event-ID': id } }),
      });
      await until(() => client.told().length > 20);
      client.leave();
      positions.push(...client.told().map(({ position }) => seqOf(position)));
      id = client.lastId();
    }
    const whole = await listen('?since=0.0');
    await until(() => seqOf(whole.lastId()) >= positions.at(-1)!);
    const told = whole.told().map(({ position }) => seqOf(position));
    expect(positions).toEqual(told.slice(0, positions.length));
  });

  test('loses nothing when it was cut off before it was told anything', async () => {
    const query = '?objects=ResourcePool&filter=(eq,name,missed)';
    const quiet = await listen(query);
    await until(() => quiet.heard.length === 1);
    quiet.leave();
    const body = { name: 'missed', description: 'Made by a test' };
    await gateway.send('/netweave/v1/resourcePools', { method: 'POST', as: 'admin', body });
    const again = await listen(query, { as: 'admin', headers: { 'Last-Event-ID': quiet.lastId()! } });
    await until(() => again.told().length === 1);
    expect(again.told()[0]).toMatchObject({ change: 'CREATED', object: { name: 'missed' } });
  });

  test('is told of a gap when the log does not hold its place, and of what happens then', async () => {
    const client = await listen('', { as: 'admin', headers: { 'Last-Event-ID': '99999999.zz' } });
    await until(() => client.told().length > 2);
    const [gap] = client.told('gap') as [Record<string, unknown>];
    expect(Object.keys(gap)).toEqual(['reason', 'position']);
    expect(gap['reason']).toBe('REWRITTEN');
    expect(client.told('gap')).toHaveLength(1);
    expect(seqOf(client.told()[0]!['position'])).toBe(seqOf(gap['position']) + 1);
  });
});

describe('what is refused, before any event', () => {
  const cases: readonly (readonly [number, string, string, Ask, object?])[] = [
    [400, 'an object that is none', '?objects=ResourcePool,Nothing', {}, { at: 'objects', position: 13 }],
    [400, 'a filter that cannot be read', '?objects=Resource&filter=(eq,nothing,1)', {}, { at: 'filter', position: 4 }],
    [400, 'a filter over several objects', '?filter=(eq,name,x)', {}, { at: 'filter' }],
    [400, 'a position that is none', '?since=yesterday', {}, { at: 'since' }],
    [400, 'an id that is none', '?since=0.0', { headers: { 'Last-Event-ID': 'x' } }, { at: 'Last-Event-ID' }],
    [400, 'a parameter nobody knows', '?object=Resource', {}],
    [400, 'a parameter twice', '?since=0.0&since=0.0', {}, { at: 'since' }],
    [400, 'a query that is not encoded correctly', '?filter=%zz', {}, { at: 'filter', position: 0 }],
    [401, 'no token', '', { as: 'stranger' }],
    [403, 'who may read nothing', '', { as: 'nobody' }],
    [403, 'an object that may not be read', '?objects=Resource', { as: 'pools' }],
    [404, 'a path below it', '/x', {}],
    [405, 'another method', '', { method: 'POST' }],
    [406, 'an Accept without it', '', { headers: { Accept: 'application/json' } }],
  ];
  test.each(cases)('%i: %s', async (status, _what, query, ask, members = {}) => {
    const reply = await gateway.send(`/events${query}`, { as: 'admin', ...ask });
    expect([reply.status, reply.headers['content-type']]).toEqual([status, 'application/problem+json']);
    expect(JSON.parse(reply.text)).toMatchObject({ status, ...members });
    if (status === 405) expect(reply.headers.allow).toBe('GET, HEAD, OPTIONS');
  });

  test('OPTIONS names the methods, HEAD has the head alone, and a type with parameters is the same type', async () => {
    const options = await gateway.send('/events', { method: 'OPTIONS', as: 'admin' });
    const head = await gateway.send('/events/', { method: 'HEAD', as: 'admin' });
    expect([options.status, options.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS']);
    expect([head.status, head.headers['content-type'], head.text]).toEqual([200, 'text/event-stream', '']);
    const client = await listen('', { as: 'admin', headers: { Accept: 'text/event-stream;charset=utf-8' } });
    expect(client.status).toBe(200);
  });
});

test('every list of O2 carries a position, also when it is unchanged and when it comes from a cache', async () => {
  const target = '/o2ims-infrastructureInventory/v2/locations';
  const first = await gateway.send(target, { as: 'admin' });
  const etag = first.headers['etag']!;
  await new Promise((resolve) => setTimeout(resolve, 300));
  const unchanged = await gateway.send(target, { as: 'admin', headers: { 'If-None-Match': etag } });
  const again = await gateway.send(target, { as: 'admin' });
  expect([first.status, unchanged.status, again.status]).toEqual([200, 304, 200]);
  const [one, two, three] = [first, unchanged, again].map(({ headers }) => {
    const position = headers['x-netweave-position'] as string;
    expect(position).toMatch(/^\d+\.[0-9a-z]+$/);
    return Number(position.split('.')[0]);
  });
  // Others have changed meanwhile; a stream that begins here need not pass them.
  expect(two).toBeGreaterThan(one!);
  expect(three).toBeGreaterThanOrEqual(two!);
});
