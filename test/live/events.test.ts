import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openGatewayUnderTest, until, type GatewayUnderTest } from '../gateway-under-test.js';

let gateway: GatewayUnderTest;
const open: ClientRequest[] = [];

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 2, size: 60, pools: 3, changesPerSecond: 20, tenants: ['blue', 'red'] } } },
    clients: {
      admin: { roles: ['admin'] },
      blue: { roles: ['admin'], tenant: 'blue' },
      pools: { roles: ['pool-reader'] },
    },
    yaml: 'roles: { pool-reader: ["resourcePools:read"] }',
  });
});
afterEach(() => open.splice(0).forEach((each) => each.destroy()));
afterAll(async () => {
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

interface Event {
  readonly event: string;
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Listening {
  readonly response: IncomingMessage;
  readonly events: Event[];
  readonly ended: Promise<void>;
  stop(): void;
}

function listen(target: string, { as = 'admin', last }: { as?: string; last?: string } = {}): Promise<Listening> {
  const { hostname, port } = new URL(gateway.url);
  const headers = {
    Authorization: `Bearer ${as}`,
    Accept: 'text/event-stream',
    ...(last && { 'Last-Event-ID': last }),
  };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path: target, headers }, (response) => {
      const events: Event[] = [];
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        const parts = (text + chunk).split('\n\n');
        text = parts.pop()!;
        events.push(...parts.filter((part) => part.startsWith('event:')).map(parsed));
      });
      response.on('error', () => undefined);
      const ended = new Promise<void>((done) => response.once('close', done));
      resolve({ response, events, ended, stop: () => sent.destroy() });
    });
    open.push(sent);
    sent.on('error', reject);
    sent.end();
  });
}

function parsed(text: string): Event {
  const fields = new Map(
    text.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  return { event: fields.get('event')!, id: fields.get('id')!, data: JSON.parse(fields.get('data')!) as Event['data'] };
}

test('tells what changes, with the object, as text/event-stream', async () => {
  const { response, events } = await listen('/events?objects=Resource');
  expect(response.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
  });
  const modified = () => events.find(({ data }) => data['change'] === 'MODIFIED');
  await until(() => modified() !== undefined);
  const { event, id, data } = modified()!;
  expect({ event, id }).toEqual({ event: 'change', id: data['position'] });
  expect(data).toMatchObject({ change: 'MODIFIED', objectType: 'Resource', object: { resourceId: data['id'] } });
});

test('goes on behind Last-Event-ID, and misses and repeats nothing', async () => {
  const whole = await listen('/events');
  const part = await listen('/events');
  await until(() => part.events.length > 3);
  part.stop();
  const resumed = await listen('/events?since=1.nonsense', { last: part.events.at(-1)!.id });
  await until(() => resumed.events.length > 5 && whole.events.length > part.events.length + 5);
  const ids = [...part.events, ...resumed.events].map(({ id }) => id);
  const all = whole.events.map(({ id }) => id);
  const from = all.indexOf(ids[0]!);
  const length = Math.min(ids.length, all.length - from);
  expect(ids.slice(0, length)).toEqual(all.slice(from, from + length));
});

test('begins behind the position that a list carries', async () => {
  const list = await gateway.send('/netweave/v1/resources?first=1', { as: 'admin' });
  const position = list.headers['x-netweave-position'] as string;
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { events } = await listen(`/events?since=${position}`);
  await until(() => events.length > 2);
  expect(Number(events[0]!.id.split('.')[0])).toBe(Number(position.split('.')[0]) + 1);
});

test('a position of another log is a gap, and the stream goes on', async () => {
  const { events } = await listen('/events?since=99999999.zz');
  await until(() => events.length > 1);
  expect(events[0]).toMatchObject({ event: 'gap', data: { reason: 'REWRITTEN' } });
  expect(events[1]!.event).toBe('change');
});

test('a filter tells of what it is true of, and of nothing else', async () => {
  const all = await listen('/events?objects=Resource');
  await until(() => all.events.length > 0);
  const { id } = all.events[0]!.data;
  const some = await listen(`/events?objects=Resource&filter=${encodeURIComponent(`(neq,resourceId,${String(id)})`)}`);
  await until(() => some.events.length > 20);
  expect(some.events.filter(({ data }) => data['id'] === id)).toEqual([]);
});

test('a tenant is told of its own and of what is shared', async () => {
  const { events } = await listen('/events?objects=Resource', { as: 'blue' });
  await until(() => events.length > 10);
  const ids = [...new Set(events.map(({ data }) => String(data['id'])))];
  for (const id of ids) {
    const reply = await gateway.send('/graphql', {
      method: 'POST',
      as: 'blue',
      body: { query: `{ node(id: "${id}") { id } }` },
    });
    expect(reply.text).toContain(id);
  }
});

describe('is refused before it begins', () => {
  const cases: readonly (readonly [string, number, RegExp, string?])[] = [
    ['/events?object=Resource', 400, /'object' is no parameter/],
    ['/events?objects=Server', 400, /objects\/0/],
    ['/events?since=x', 400, /no position/],
    ['/events?since=1.a&since=2.b', 400, /more than once/],
    ['/events?filter=(eq,name,x)', 400, /name exactly one/],
    ['/events?objects=Resource&filter=(eq,nothing,x)', 400, /nothing/],
    ['/events?objects=Resource', 403, /resources:read/, 'pools'],
  ];
  test.each(cases)('%s: %i', async (target, status, detail, as = 'admin') => {
    const reply = await gateway.send(target, { as });
    expect(reply.status).toBe(status);
    expect((JSON.parse(reply.text) as { detail: string }).detail).toMatch(detail);
  });

  test('by method and by what is accepted', async () => {
    expect((await gateway.send('/events', { as: 'admin', method: 'POST' })).headers['allow']).toBe(
      'GET, HEAD, OPTIONS',
    );
    expect((await gateway.send('/events', { as: 'admin', headers: { Accept: 'application/json' } })).status).toBe(406);
    expect((await gateway.send('/events')).status).toBe(401);
  });
});

test('ends when the gateway goes away', async () => {
  const other = await openGatewayUnderTest({ simulators: {} });
  const { hostname, port } = new URL(other.url);
  const ended = new Promise<void>((resolve) => {
    request({ hostname, port, path: '/events' }, (response) => {
      response.resume().once('end', resolve);
      void other.close();
    }).end();
  });
  await ended;
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
