import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openGatewayUnderTest, type Ask, type GatewayUnderTest } from './gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 6, size: 20, pools: 2, changesPerSecond: 0 } } },
    yaml: 'callbacks: { test: "off" }',
  });
});
afterAll(() => gateway.close());

let count = 0;
const kinds = {
  resourcePools: () => ({ name: `pool ${(count += 1)}`, description: 'new' }),
  inventorySubscriptions: () => ({ callback: `http://127.0.0.1:9/${(count += 1)}` }),
};
type Kind = keyof typeof kinds;
const patches = { resourcePools: 'description', inventorySubscriptions: 'consumerSubscriptionId' } as const;

async function made(kind: Kind) {
  const { status, text, headers } = await gateway.send(`/netweave/v1/${kind}`, { method: 'POST', body: kinds[kind]() });
  expect(status).toBe(201);
  const { id } = JSON.parse(text) as { readonly id: string };
  return { one: `/netweave/v1/${kind}/${id}`, etag: headers.etag! };
}

const write = (target: string, method: string, ifMatch: string, body?: object) =>
  gateway.send(target, { method, headers: { 'If-Match': ifMatch }, ...(body && { body }) } satisfies Ask);

describe.each(Object.keys(kinds) as Kind[])('%s', (kind) => {
  const patch = (to: string) => ({ [patches[kind]]: to });

  test('are changed in the state that was seen, and not in another', async () => {
    const { one, etag } = await made(kind);
    expect(etag).toMatch(/^"[1-9]\d*\.[0-9a-z]+(\+0)?"$/);
    const [read, head] = [await gateway.send(one), await gateway.send(one, { method: 'HEAD' })];
    expect([read.headers.etag, head.headers.etag]).toEqual([etag, etag]);
    const changed = await write(one, 'PATCH', etag, patch('first'));
    expect([changed.status, (await gateway.send(one)).headers.etag]).toEqual([200, changed.headers.etag]);
    expect(changed.headers.etag).not.toBe(etag);

    const late = await write(one, 'PATCH', etag, patch('second'));
    expect(late.status).toBe(412);
    expect(late.headers['content-type']).toBe('application/problem+json');
    expect(JSON.parse(late.text)).toMatchObject({
      status: 412,
      code: 'PRECONDITION_FAILED',
      at: 'If-Match',
      position: 0,
      detail: expect.stringContaining(changed.headers.etag!),
    });
    expect((await write(one, 'DELETE', etag)).status).toBe(412);
    expect(JSON.parse((await gateway.send(one)).text)).toMatchObject(patch('first'));
    expect((await write(one, 'DELETE', changed.headers.etag!)).status).toBe(204);
    expect((await write(one, 'DELETE', changed.headers.etag!)).status).toBe(404);
  });

  test.each<[string, (etag: string) => string, number]>([
    ['one of several', (etag) => `"other" ,W/"x", ${etag}`, 200],
    ['any', () => '*', 200],
    ['others', () => '"1.a", "2.b"', 412],
    ['a weak one', (etag) => `W/${etag}`, 412],
    ['no tag', () => 'now', 400],
    ['a tag that does not end', (etag) => `${etag}, "x`, 400],
    ['nothing', () => ',', 400],
  ])('that are %s', async (_what, ifMatch, status) => {
    const { one, etag } = await made(kind);
    const reply = await write(one, 'PATCH', ifMatch(etag), patch('other'));
    expect(reply.status).toBe(status);
    if (status === 400) expect(JSON.parse(reply.text)).toMatchObject({ code: 'INVALID', at: 'If-Match' });
  });
});

test('whatever is done with an object may be asked for in one state only', async () => {
  const pool = await made('resourcePools');
  const { one } = await made('inventorySubscriptions');
  const done: readonly (readonly [string, object])[] = [
    [`${pool.one}/scale`, { size: 1 }],
    [`${one}/pause`, {}],
    [`${one}/resume`, {}],
    [`${one}/rotateSecret`, {}],
    [`${one}/replay`, { allDeadLetters: true }],
  ];
  for (const [target, body] of done) {
    expect([target, (await write(target, 'POST', '"1.a"', body)).status]).toEqual([target, 412]);
    const { etag } = (await gateway.send(target.slice(0, target.lastIndexOf('/')))).headers;
    expect([target, (await write(target, 'POST', etag!, body)).status]).toEqual([target, 200]);
  }
});

test('a pool is scaled from the size that was seen, while its attributes are changed at any', async () => {
  const { one, etag } = await made('resourcePools');
  const scale = (ifMatch: string, size: number) => write(`${one}/scale`, 'POST', ifMatch, { size });
  const grown = await scale(etag, 3);
  expect([grown.status, grown.headers.etag]).toEqual([200, (await gateway.send(one)).headers.etag]);
  expect(grown.headers.etag).toMatch(/\+3"$/);
  const late = await scale(etag, 1);
  expect([late.status, late.text]).toEqual([412, expect.stringContaining('If-Match')]);
  expect((await gateway.send(one)).headers.etag).toBe(grown.headers.etag);
  // Of a former release, which did not count.
  expect((await scale(etag.replace('+0', ''), 1)).status).toBe(412);
  expect((await scale(grown.headers.etag!, 2)).status).toBe(200);
  expect((await write(one, 'PATCH', etag, { description: 'counted' })).status).toBe(200);
});

test.each([
  [
    '/graphql',
    { query: 'mutation { createResourcePool(input: { name: "by graphql", description: "d" }) { id } }' },
    'errors',
  ],
  ['/trpc/resourcePools.create', { value: { name: 'by trpc', description: 'd' } }, 'error'],
])('%s, which writes in whichever state there is, refuses to be told one', async (target, body, spelled) => {
  const pools = async () =>
    (JSON.parse((await gateway.send('/netweave/v1/resourcePools?first=500')).text) as { items: object[] }).items.length;
  const before = await pools();
  const refused = await write(target, 'POST', '"1.a"', body);
  expect([refused.status, Object.keys(JSON.parse(refused.text) as object)]).toEqual([412, [spelled]]);
  expect(refused.text).toContain('PRECONDITION_FAILED');
  expect(await pools()).toBe(before);
  expect((await write(target, 'POST', '*', body)).status).toBe(200);
  expect(await pools()).toBe(before + 1);
});

test('of those who have seen the same state of a subscription, one changes it', async () => {
  const { one, etag } = await made('inventorySubscriptions');
  const replies = await Promise.all(
    Array.from({ length: 10 }, (_, n) => write(one, 'PATCH', etag, { consumerSubscriptionId: `c${n}` })),
  );
  expect(replies.map(({ status }) => status).toSorted()).toEqual([200, ...Array<number>(9).fill(412)]);
});

test('of those who have seen the same state of a subscription, one rotates its secret, and that one signs', async () => {
  const { one, etag } = await made('inventorySubscriptions');
  const rotate = (ifMatch: string) => write(`${one}/rotateSecret`, 'POST', ifMatch, { overlapHours: 0 });
  const replies = await Promise.all(Array.from({ length: 5 }, () => rotate(etag)));
  expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 412, 412, 412, 412]);
  expect((await rotate(etag)).status).toBe(412);
  const { headers, text } = await gateway.send(one);
  expect(headers.etag).not.toBe(etag);
  expect(JSON.parse(text)).toMatchObject({ signingSecretId: expect.any(String) });
  expect((await rotate(headers.etag!)).status).toBe(200);
});

test('who names no state rotates the secret of whichever there is', async () => {
  const { one } = await made('inventorySubscriptions');
  const rotate = () => gateway.send(`${one}/rotateSecret`, { method: 'POST', body: {} });
  const [first, second] = [await rotate(), await rotate()];
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(JSON.parse(second.text)).toHaveProperty('previousUntil');
  expect(second.text).not.toContain((JSON.parse(first.text) as { signingSecret: string }).signingSecret);
});

test('what does not stand yet has no state', async () => {
  const body = { name: 'made', description: 'new' };
  expect((await write('/netweave/v1/resourcePools', 'POST', '"1.a"', body)).status).toBe(412);
  expect((await write('/netweave/v1/resourcePools', 'POST', '*', body)).status).toBe(201);
});
