import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openGatewayUnderTest, until, type Ask, type GatewayUnderTest } from '../gateway-under-test.js';
import { createClient } from '#src/facades/trpc/client.js';
import { listenTo } from './event-client.js';
import { connectLive, type LiveClient } from './live-client.js';

let gateway: GatewayUnderTest;
let pool: string;

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 6, size: 20, pools: 2, changesPerSecond: 0 } } },
    yaml: 'limits: { deadline: 1s }',
  });
  const list = await gateway.send('/netweave/v1/resourcePools');
  pool = (JSON.parse(list.text) as { items: { resourcePoolId: string }[] }).items[0]!.resourcePoolId;
});
afterAll(async () => {
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

const o2 = '/o2ims-infrastructureInventory/v2/resourcePools';
const own = '/netweave/v1/resourcePools';
const post = (query: string): Ask => ({ method: 'POST', body: { query } });

/** A read of every facade, and how it spells that something is wrong. */
const reads: readonly (readonly [string, () => readonly [string, Ask], (text: string) => unknown])[] = [
  ['O2 list', () => [o2, {}], problemCode],
  ['O2 object', () => [`${o2}/${pool}`, {}], problemCode],
  ['own list', () => [own, {}], problemCode],
  ['own object', () => [`${own}/${pool}`, {}], problemCode],
  ['GraphQL list', () => ['/graphql', post('{ resourcePools { position } }')], graphqlCode],
  ['GraphQL object', () => ['/graphql', post(`{ resourcePool(id: "${pool}") { id } }`)], graphqlCode],
  ['tRPC list', () => ['/trpc/resourcePools.list', {}], trpcCode],
  ['tRPC object', () => [`/trpc/resourcePools.get?input={"id":"${pool}"}`, {}], trpcCode],
];

function problemCode(text: string): unknown {
  return (JSON.parse(text) as { code: string }).code;
}
function graphqlCode(text: string): unknown {
  return (JSON.parse(text) as { errors: { extensions: { code: string } }[] }).errors[0]!.extensions.code;
}
function trpcCode(text: string): unknown {
  return (JSON.parse(text) as { error: { data: { code: string } } }).error.data.code;
}

let count = 0;
const made = async () => {
  const name = `pool ${(count += 1)}`;
  const reply = await gateway.send(own, { method: 'POST', body: { name, description: 'Made by a test' } });
  return (JSON.parse(reply.text) as { position: string }).position;
};

describe.each(reads)('%s', (_what, asked, codeOf) => {
  const read = (headers: Record<string, string> = {}) => {
    const [target, ask] = asked();
    return gateway.send(target, { ...ask, headers });
  };

  test('says up to where it is true, and a stream from there tells what happened since', async () => {
    await read();
    const { status, headers } = await read();
    const position = headers['x-netweave-position'] as string;
    expect(status).toBe(200);
    const written = await made();
    const client = await listenTo(gateway, `?objects=ResourcePool&since=${position}`);
    await until(() => client.told().length > 0);
    expect(client.told().map(({ change, position: at }) => [change, at])).toEqual([['CREATED', written]]);
    client.leave();
  });

  test('is answered at a position that it has, and refused at the deadline for one that does not come', async () => {
    const position = (await read()).headers['x-netweave-position'] as string;
    expect((await read({ 'X-Netweave-At-Least': position })).status).toBe(200);
    const refused = await read({ 'X-Netweave-At-Least': '999999999.zz' });
    expect([refused.status, refused.headers['retry-after'], codeOf(refused.text)]).toEqual([503, '1', 'UNAVAILABLE']);
  });

  test('is told that the log has lost a position when another change stands there, at once or when it comes', async () => {
    const position = (await read()).headers['x-netweave-position'] as string;
    const [now, next] = [0, 1].map((more) => `${Number.parseInt(position) + more}.lost`);
    const passed = await read({ 'X-Netweave-At-Least': now! });
    const [coming] = await Promise.all([read({ 'X-Netweave-At-Least': next! }), made()]);
    for (const { status, text } of [passed, coming]) {
      expect([status, codeOf(text)]).toEqual([410, 'GONE']);
      expect(text).toContain('"at":"X-Netweave-At-Least"');
    }
  });

  test('refuses what is no position', async () => {
    const refused = await read({ 'X-Netweave-At-Least': 'now' });
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('"at":"X-Netweave-At-Least"');
    expect(String(codeOf(refused.text))).toMatch(/^(INVALID|BAD_USER_INPUT)$/);
  });
});

/** Where a page says within itself up to where it is true. */
const pages: readonly (readonly [string, string, Ask, (body: Page) => string | undefined])[] = [
  ['own list', own, {}, ({ position }) => position],
  [
    'GraphQL connection',
    '/graphql',
    post('{ resourcePools { position } }'),
    ({ data }) => data?.resourcePools.position,
  ],
  ['tRPC list', '/trpc/resourcePools.list', {}, ({ result }) => result?.data.position],
];

interface Page {
  readonly position?: string;
  readonly data?: { readonly resourcePools: { readonly position: string } };
  readonly result?: { readonly data: { readonly position: string } };
}

test.each(pages)('every stream goes on behind the position in a page: %s', async (_what, target, ask, positionIn) => {
  const since = positionIn(JSON.parse((await gateway.send(target, ask)).text) as Page)!;
  const written = [await made(), await made()];
  const events = await listenTo(gateway, `?objects=ResourcePool&since=${since}`);
  const socket = await connectLive(gateway);
  const query = `subscription { resourcePoolChanged(since: "${since}") { position } }`;
  socket.say({ id: 's', type: 'subscribe', payload: { query } });
  const watched: string[] = [];
  const watching = createClient({ url: `${gateway.url}/trpc` }).changes.watch.subscribe(
    { objects: ['ResourcePool'], since },
    { onData: ({ id }) => void watched.push(id) },
  );
  const told = () => [
    events.told().map(({ position }) => position),
    socket.of('s').map(({ payload }) => (payload as { data: Said }).data['resourcePoolChanged']!.position),
    watched,
  ];
  await until(() => told().every(({ length }) => length === written.length));
  expect(told()).toEqual([written, written, written]);
  events.leave();
  socket.socket.terminate();
  watching.unsubscribe();
});

type Said = Readonly<Record<string, { readonly position: string }>>;

test('no more than 64 requests of one principal wait for a position', async () => {
  const asked = Array.from({ length: 70 }, () =>
    gateway.send(own, { headers: { 'X-Netweave-At-Least': '999999999.zz' } }),
  );
  const details = (await Promise.all(asked)).map(({ text }) => (JSON.parse(text) as { detail: string }).detail);
  expect(details.filter((detail) => detail.startsWith('Too many'))).toHaveLength(6);
});

test('a list that nobody touched is true up to now, also where the caller holds it already', async () => {
  const first = await gateway.send('/o2ims-infrastructureInventory/v2/resourceTypes');
  const written = await made();
  const again = await gateway.send('/o2ims-infrastructureInventory/v2/resourceTypes', {
    headers: { 'If-None-Match': first.headers.etag! },
  });
  expect([again.status, again.headers['x-netweave-position']]).toEqual([304, written]);
});

describe.each([
  ['query', '{ resourcePools { totalCount } }'],
  ['subscription', 'subscription { resourcePoolChanged { position } }'],
])('a %s over WebSocket', (kind, query) => {
  let client: LiveClient;
  beforeAll(async () => (client = await connectLive(gateway)));
  afterAll(() => client.socket.terminate());

  let asks = 0;
  const ask = (atLeast: unknown) => {
    const id = `${kind} ${(asks += 1)}`;
    client.say({ id, type: 'subscribe', payload: { query, extensions: { atLeast } } });
    return async () => {
      await until(() => client.of(id).length > 0);
      return client.of(id)[0];
    };
  };
  const refusal = (code: string) => ({
    type: 'error',
    payload: [{ extensions: { code, at: 'extensions.atLeast' } }],
  });

  test('is begun at a position that it has, and refused at the deadline for one that does not come', async () => {
    const begun = ask(await made());
    const going = setInterval(() => void made(), 100);
    expect(await begun()).toMatchObject({ type: 'next' });
    clearInterval(going);
    expect(await ask('999999999.zz')()).toMatchObject(refusal('UNAVAILABLE'));
  });

  test('is refused what is no position, and one that the log has lost, at once or when it comes', async () => {
    for (const wrong of ['now', 7, {}]) expect(await ask(wrong)()).toMatchObject(refusal('BAD_USER_INPUT'));
    const [seq] = (await made()).split('.');
    const [passed, coming] = [ask(`${seq}.lost`), ask(`${Number(seq) + 1}.lost`)];
    expect(await passed()).toMatchObject(refusal('GONE'));
    await made();
    expect(await coming()).toMatchObject(refusal('GONE'));
  });

  test('that is not wanted any more waits no longer, and holds up nobody', async () => {
    const wait = ask('999999999.zz');
    client.say({ id: `${kind} ${asks}`, type: 'complete' });
    client.say({ id: `other ${asks}`, type: 'subscribe', payload: { query: '{ resourcePools { totalCount } }' } });
    await until(() => client.of(`other ${asks}`).length > 0);
    expect(client.of(`${kind} ${asks}`)).toEqual([]);
    void wait;
  });
});

test('over WebSocket, one from before the gateway began is looked up in the log', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'netweave-positions-'));
  const setup = { simulators: { sim: { embedded: { seed: 6, size: 20, pools: 2, changesPerSecond: 50 } } }, folder };
  const first = await openGatewayUnderTest(setup);
  const { headers } = await first.send(own);
  const atLeast = headers['x-netweave-position'] as string;
  await until(async () => (await first.send(own)).headers['x-netweave-position'] !== atLeast);
  await first.close();
  const again = await openGatewayUnderTest(setup);
  const client = await connectLive(again);
  for (const [id, query] of [
    ['q', '{ resourcePools { totalCount } }'],
    ['s', 'subscription { resourceChanged { position } }'],
  ])
    client.say({ id, type: 'subscribe', payload: { query, extensions: { atLeast } } });
  await until(() => client.of('q').length > 0 && client.of('s').length > 0);
  expect([client.of('q')[0], client.of('s')[0]]).toMatchObject([{ type: 'next' }, { type: 'next' }]);
  client.socket.terminate();
  await again.close();
  rmSync(folder, { recursive: true });
});

test('no more than 64 operations of one principal wait for a position, whatever they came over', async () => {
  const clients = await Promise.all(Array.from({ length: 9 }, () => connectLive(gateway)));
  const query = 'subscription { resourcePoolChanged { position } }';
  for (const client of clients)
    for (let each = 0; each < 8; each += 1)
      client.say({ id: `${each}`, type: 'subscribe', payload: { query, extensions: { atLeast: '999999999.zz' } } });
  await until(() => clients.every(({ heard }) => heard.length === 8));
  const told = clients.flatMap(({ heard }) =>
    heard.map(({ payload }) => (payload as { message: string }[])[0]!.message),
  );
  expect(told.filter((message) => message.startsWith('Too many'))).toHaveLength(8);
  for (const { socket } of clients) socket.terminate();
});

test('the published client asks for a position with every call', async () => {
  let position: string | undefined;
  const client = createClient({ url: `${gateway.url}/trpc`, atLeast: () => position });
  const write = await client.resourcePools.create.mutate({ value: { name: 'mine', description: 'Made by a test' } });
  position = write.position;
  expect((await client.resourcePools.get.query({ id: write.id })).name).toBe('mine');
  position = position.replace(/\..*/, '.lost');
  await expect(client.resourcePools.get.query({ id: write.id })).rejects.toMatchObject({ data: { code: 'GONE' } });
  const refused = new Promise((resolve) =>
    client.changes.watch.subscribe(undefined, { onError: (error) => resolve(error.message) }),
  );
  expect(await refused).toContain('410');
});
