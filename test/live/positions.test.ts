import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openGatewayUnderTest, until, type Ask, type GatewayUnderTest } from '../gateway-under-test.js';
import { listenTo } from './event-client.js';

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
