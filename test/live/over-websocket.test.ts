import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { openGatewayUnderTest, until, type GatewayUnderTest } from '../gateway-under-test.js';
import { connectLive, type LiveClient } from './live-client.js';

let gateway: GatewayUnderTest;
const open: LiveClient[] = [];

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 2, size: 60, pools: 3, changesPerSecond: 20 } } },
    clients: { admin: { roles: ['admin'] }, nobody: { roles: ['nothing'] } },
    yaml: 'roles: { nothing: ["resourcePools:create"] }\nlimits: { bodyBytes: 64KiB, graphql: { documentBytes: 4KiB }, live: { streamsPerConnection: 4, messagesPerSecond: 20 } }',
  });
});
afterEach(() => open.splice(0).forEach(({ socket }) => socket.terminate()));
afterAll(async () => {
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

async function live(options: Parameters<typeof connectLive>[1] = { as: 'admin' }): Promise<LiveClient> {
  const client = await connectLive(gateway, options);
  open.push(client);
  return client;
}

const everything = 'subscription { changes { ... on Change { change objectType id position } } }';
const typed = 'subscription { resourceChanged { change id object { resourceId } changed position } }';

interface Changed {
  readonly change: string;
  readonly id: string;
  readonly object: unknown;
  readonly changed: readonly string[];
}

describe('the protocol graphql-transport-ws', () => {
  test('tells what changes, with the object and what changed of it', async () => {
    const client = await live();
    client.subscribe('1', typed);
    const changes = () =>
      client
        .of('1')
        .map(
          (each) =>
            (each as unknown as { payload: { data: { resourceChanged: Changed } } }).payload.data.resourceChanged,
        );
    const modified = () => changes().find(({ change }) => change === 'MODIFIED');
    await until(() => modified() !== undefined);
    const { change, id, object, changed } = modified()!;
    expect({ change, object, changed: changed.length > 0 }).toEqual({
      change: 'MODIFIED',
      object: { resourceId: id },
      changed: true,
    });
  });

  test('ends a stream that is not wanted any more, and no other', async () => {
    const client = await live();
    client.subscribe('a', everything);
    client.subscribe('b', everything);
    await until(() => client.of('a').length > 1 && client.of('b').length > 1);
    client.say({ id: 'a', type: 'complete' });
    const told = client.of('b').length;
    await until(() => client.of('b').length > told + 3);
    const late = client.of('a').length;
    await until(() => client.of('b').length > told + 6);
    expect(client.of('a').length).toBe(late);
  });

  test('answers a query like HTTP does', async () => {
    const client = await live();
    client.subscribe('q', '{ resourcePools { totalCount } }');
    await until(() => client.of('q').length === 2);
    expect(client.of('q')).toEqual([
      { id: 'q', type: 'next', payload: { data: { resourcePools: { totalCount: 3 } } } },
      { id: 'q', type: 'complete' },
    ]);
  });

  test('answers a ping', async () => {
    const client = await live();
    client.say({ type: 'ping', payload: { x: 1 } });
    await until(() => client.heard.length === 1);
    expect(client.heard).toEqual([{ type: 'pong', payload: { x: 1 } }]);
  });

  test('serves the reference client, which resumes where it was cut off', async () => {
    const heard: number[] = [];
    let since: string | undefined;
    let sockets = 0;
    let cut: (() => void) | undefined;
    const client = createClient({
      url: `${gateway.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: 'Bearer admin' },
      retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)),
      shouldRetry: () => true,
      on: {
        connected(socket) {
          sockets += 1;
          cut = () => (socket as WebSocket).terminate();
        },
      },
    });
    const variables = {
      get since() {
        return since;
      },
    };
    const query = 'subscription($since: String) { changes(since: $since) { ... on Change { position } } }';
    client.subscribe<{ changes: { position: string } }>(
      { query, variables },
      {
        next({ data }) {
          since = data!.changes.position;
          heard.push(Number(since.split('.')[0]));
        },
        error: () => undefined,
        complete: () => undefined,
      },
    );
    for (const count of [5, 15, 25]) {
      await until(() => heard.length > count);
      cut!();
    }
    await until(() => heard.length > 40);
    await client.dispose();
    expect(sockets).toBe(4);
    expect(heard).toEqual(heard.map((_each, index) => heard[0]! + index));
  });
});

describe('a connection that does not keep to it is closed with', () => {
  const cases: readonly (readonly [number, string, (client: LiveClient) => void, object?])[] = [
    [4400, 'what is no message', (client) => client.say('{"type":')],
    [4400, 'a message of no known type', (client) => client.say({ type: 'start' })],
    [4401, 'a subscription before it said who it is', (client) => client.subscribe('1', everything), { init: false }],
    [4403, 'a token that nobody has', () => undefined, { as: 'stranger' }],
    [4403, 'no token at all', () => undefined, {}],
    [4408, 'silence', () => undefined, { init: false }],
    [4406, 'a protocol of another kind', () => undefined, { protocol: '', init: false }],
    [1009, 'more than a message may have', (client) => client.say('x'.repeat(70_000))],
    [1007, 'text that is no UTF-8', (client) => client.socket.send(Buffer.from([0xc3, 0x28]), { binary: false })],
  ];
  test.each(cases)('%i: %s', async (code, _what, act, options = { as: 'admin' }) => {
    const client = await live(options);
    act(client);
    expect((await client.ended).code).toBe(code);
  });

  test('4409: two subscriptions of one id', async () => {
    const client = await live();
    client.subscribe('1', everything);
    client.subscribe('1', everything);
    expect((await client.ended).code).toBe(4409);
  });

  test('4429: saying who it is twice', async () => {
    const client = await live();
    client.say({ type: 'connection_init' });
    expect((await client.ended).code).toBe(4429);
  });

  test('1009: fragments that never end', async () => {
    const client = await live();
    const piece = 'x'.repeat(1000);
    for (let sent = 0; sent < 80; sent += 1) client.socket.send(piece, { fin: false });
    expect((await client.ended).code).toBe(1009);
  });

  test.each<readonly [string, (client: LiveClient) => void]>([
    ['messages', (client) => client.say({ type: 'ping' })],
    ['pings', ({ socket }) => socket.ping()],
    ['pongs', ({ socket }) => socket.pong()],
  ])('1008: more %s than anybody needs', async (_what, say) => {
    const client = await live();
    for (let sent = 0; sent < 300; sent += 1) say(client);
    expect((await client.ended).code).toBe(1008);
  });
});

describe('what may not be subscribed to is refused by an error of its own', () => {
  const deep = `subscription { resourcePoolChanged { object { ${'site { pools { nodes { '.repeat(4)} id ${'} } }'.repeat(4)} } } }`;
  const dear =
    'subscription { resourcePoolChanged { object { resources(first: 1000) { nodes { resourcePool { resources(first: 1000) { nodes { id } } } } } } } }';
  const many = `subscription { changes { ... on Change { ${Array.from({ length: 40 }, (_each, index) => `a${index}: id`).join(' ')} } } }`;
  const cases: readonly (readonly [string, string, string, string])[] = [
    ['a document that nests too deeply', deep, 'BAD_USER_INPUT', 'deep'],
    ['a document that costs too much', dear, 'BAD_USER_INPUT', 'costs|may answer'],
    ['too many aliases', many, 'BAD_USER_INPUT', 'aliases'],
    ['a document that is too long', `${everything}${' '.repeat(5000)}`, 'TOO_LARGE', 'longer'],
    [
      'two fields at once',
      'subscription { a: changes { __typename } b: changes { __typename } }',
      'GRAPHQL_VALIDATION_FAILED',
      'one',
    ],
    ['what is no field', 'subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED', 'Cannot query field'],
    ['what is no document', 'subscription {', 'GRAPHQL_PARSE_FAILED', 'Syntax Error'],
    ['a position that is none', 'subscription { changes(since: "x") { __typename } }', 'BAD_USER_INPUT', 'no position'],
    [
      'a filter that cannot be read',
      'subscription { resourceChanged(filter: "(eq,nothing,1)") { id } }',
      'BAD_USER_INPUT',
      'nothing',
    ],
    [
      'a position of another log',
      'subscription { resourceChanged(since: "99999999.zz") { id } }',
      'GONE',
      'read the lists again',
    ],
  ];
  test.each(cases)('%s', async (_what, query, code, message) => {
    const client = await live();
    client.subscribe('1', query);
    await until(() => client.of('1').length > 0);
    const [error] = client.of('1');
    expect(error).toMatchObject({ type: 'error', payload: [{ extensions: { code } }] });
    expect((error as { payload: { message: string }[] }).payload[0]!.message).toMatch(new RegExp(message));
  });

  test('and takes no room on its connection, however often it is refused', async () => {
    const client = await live();
    const long = `# ${'x'.repeat(3000)}`;
    // 150 KB of them; at once a connection keeps 128 KiB.
    for (let each = 0; each < 50; each += 1) {
      client.subscribe(`r${each}`, `subscription { changes(since: "x") { __typename } } ${long}`);
      await until(() => client.of(`r${each}`).length > 0);
      expect(client.of(`r${each}`)).toMatchObject([{ payload: [{ extensions: { code: 'BAD_USER_INPUT' } }] }]);
    }
    client.subscribe('good', `${everything} ${long}`);
    await until(() => client.of('good').length > 0);
    expect(client.of('good')[0]).toMatchObject({ type: 'next' });
  });

  test('who may read nothing', async () => {
    const client = await live({ as: 'nobody' });
    client.subscribe('1', typed);
    await until(() => client.of('1').length > 0);
    expect(client.of('1')[0]).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  test('more streams than a connection may have', async () => {
    const client = await live();
    for (let index = 0; index < 5; index += 1) client.subscribe(`s${index}`, everything);
    await until(() => client.of('s4').length > 0);
    expect(client.of('s4')[0]).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'RATE_LIMITED' } }] });
  });
});

describe('before it is a WebSocket', () => {
  const refused = (options: Parameters<typeof connectLive>[1]) =>
    connectLive(gateway, { ...options, init: false }).then(
      () => 'open',
      (error: Error) => error.message,
    );

  test('a page of another origin is refused', async () => {
    expect(await refused({ headers: { Origin: 'https://elsewhere.example' } })).toMatch(/403/);
  });

  test('a page of our own is let in', async () => {
    expect(await refused({ headers: { Origin: gateway.url } })).toBe('open');
  });

  test('no other path speaks it', async () => {
    const { hostname, port } = new URL(gateway.url);
    const socket = new WebSocket(`ws://${hostname}:${port}/trpc`);
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
    expect(error.message).toMatch(/404/);
  });
});

test('a gateway that goes away says so, and clients come back', async () => {
  const other = await openGatewayUnderTest({ simulators: {}, clients: { admin: { roles: ['admin'] } } });
  const client = await connectLive(other, { as: 'admin' });
  client.subscribe('1', everything);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await other.close();
  expect((await client.ended).code).toBe(1012);
});
