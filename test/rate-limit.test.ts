import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openGatewayUnderTest, type Ask, type GatewayUnderTest } from './gateway-under-test.js';

const burst = 3;
const o2 = '/o2ims-infrastructureInventory';
const graph = (query: string): Ask => ({ method: 'POST', body: { query } });

/** Whatever can be asked for with a token: what answers it, the status it has while it is admitted, and how. */
const surface: readonly (readonly [what: string, status: number, target: string, ask?: Ask])[] = [
  ['a list', 200, `${o2}/v2/resourcePools`],
  ['api_versions', 200, `${o2}/api_versions`],
  ['a filter that is none', 400, `${o2}/v2/resourcePools?filter=(eq,name`],
  ['nothing', 404, '/nothing'],
  ['nothing of an API', 404, `${o2}/v2/nothing`],
  ['a method that is not there', 405, `${o2}/v2/resourcePools`, { method: 'POST', body: {} }],
  ['metrics', 200, '/metrics'],
  ['a list of our own API', 200, '/netweave/v1/locations'],
  ['nothing of our own API', 404, '/netweave/v1/nothing'],
  ['introspection', 200, '/graphql', graph('{ __schema { queryType { name } } }')],
  ['a document that is invalid', 400, '/graphql', graph('{ nothing }')],
  ['a body that is none', 400, '/graphql', { method: 'POST', body: '{' }],
  ['a procedure that is not there', 404, '/trpc/nothing'],
];
const clients = Object.fromEntries(surface.map((_, number) => [`client-${number}`, { roles: ['admin'] }]));

let gateway: GatewayUnderTest;
beforeAll(async () => {
  const limits = `limits: { rate: { perSecond: 0.001, burst: ${burst}, strangersPerSecond: 0.4 } }`;
  const production = `mode: production\nbehindProxy: true\nkey: ${randomBytes(32).toString('base64')}`;
  gateway = await openGatewayUnderTest({ clients, yaml: `${production}\n${limits}` });
});
afterAll(async () => {
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

describe.each(surface)('%s', (what, status, target, ask) => {
  test(`is charged, and refused beyond ${burst} in the spelling of its facade`, async () => {
    const as = `client-${surface.findIndex(([each]) => each === what)}`;
    const replies = [];
    for (let each = 0; each <= burst; each += 1) replies.push(await gateway.send(target, { as, ...ask }));
    expect(replies.map((reply) => reply.status)).toEqual([...Array.from({ length: burst }, () => status), 429]);
    const { headers, text } = replies.at(-1)!;
    expect(headers['retry-after']).toBe('1000');
    const body = JSON.parse(text) as Record<string, unknown>;
    const ofGraphql = (body['errors'] as object[] | undefined)?.[0];
    expect(ofGraphql ?? body['error'] ?? body).toMatchObject(
      target.startsWith('/graphql')
        ? { extensions: { code: 'RATE_LIMITED' } }
        : target.startsWith('/trpc')
          ? { data: { code: 'RATE_LIMITED' } }
          : { code: 'RATE_LIMITED', status: 429 },
    );
  });
});

test('what needs no token is free', async () => {
  for (const target of ['/livez', '/readyz', '/docs'])
    for (let each = 0; each < 3 * burst; each += 1) expect((await gateway.send(target)).status).toBe(200);
});

test('wrong tokens are slowed down by address, and end the connection; right ones are not', async () => {
  const guess = (token: string) => gateway.send('/netweave/v1/locations', { as: token });
  expect([(await guess('a')).status, (await guess('b')).status]).toEqual([401, 401]);
  const { status, headers } = await guess('c');
  expect([status, headers['retry-after'], headers['connection']]).toEqual([429, '3', 'close']);
  expect((await gateway.send('/netweave/v1/locations')).status).toBe(429);
});
