import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { allOperations } from '#src/operations/operations.js';
import { openGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await openGatewayUnderTest({ clients: { admin: { roles: ['admin'] } } });
});
afterAll(() => gateway.close());

const read = async (target: string) => {
  const reply = await gateway.send(target, { as: 'admin' });
  expect([reply.status, reply.headers['content-type']]).toEqual([200, 'application/json']);
  return JSON.parse(reply.text) as Readonly<Record<string, string>>;
};

test.each(['/netweave/v1', '/netweave/v1/'])('%s leads to its documents, which are there', async (root) => {
  const links = await read(root);
  expect(Object.keys(links)).toEqual(['openApi', 'docs']);
  for (const link of Object.values(links)) {
    expect(link.startsWith(gateway.url)).toBe(true);
    expect((await gateway.send(link.slice(gateway.url.length))).status).toBe(200);
  }
});

test('/trpc names its client and every procedure', async () => {
  expect(await read('/trpc')).toMatchObject({
    client: 'netweave/client',
    procedures: allOperations.map(({ name }) => name),
  });
});

test('a root is revalidated, has a HEAD, and is for those with a token', async () => {
  const { headers } = await gateway.send('/netweave/v1', { as: 'admin' });
  const again = await gateway.send('/netweave/v1', { as: 'admin', headers: { 'If-None-Match': headers.etag! } });
  const head = await gateway.send('/netweave/v1', { as: 'admin', method: 'HEAD' });
  expect([again.status, head.status, head.text, (await gateway.send('/netweave/v1')).status]).toEqual([
    304,
    200,
    '',
    401,
  ]);
  expect((await gateway.send('/netweave/v1', { as: 'admin', method: 'POST', body: {} })).status).toBe(404);
});
