import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openGatewayUnderTest, type GatewayUnderTest } from '../gateway-under-test.js';

let gateway: GatewayUnderTest;

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 2, size: 60, pools: 3, changesPerSecond: 20 } } },
  });
});
afterAll(() => gateway.close());

const o2 = '/o2ims-infrastructureInventory/v2/resourcePools';
const query = { query: '{ resourcePools { position } }' };
const seqOf = (position: unknown) => Number(String(position).split('.')[0]);

/** A position that has not been yet, in about half a second. */
async function soon(): Promise<string> {
  const now = (await gateway.send(o2)).headers['x-netweave-position'] as string;
  const [seq, tag] = now.split('.') as [string, string];
  return `${Number(seq) + 10}.${tag}`;
}

test('an answer is true at least up to the position that was asked for, on every facade', async () => {
  for (const [target, ask] of [
    [o2, {}],
    ['/netweave/v1/resourcePools', {}],
    ['/trpc/resourcePools.list', {}],
    ['/graphql', { method: 'POST', body: query }],
  ] as const) {
    const position = await soon();
    const { status, headers, text } = await gateway.send(target, {
      ...ask,
      headers: { 'X-Netweave-At-Least': position },
    });
    const said = headers['x-netweave-position'] ?? /"position":"([^"]+)"/.exec(text)?.[1];
    expect([target, status]).toEqual([target, 200]);
    expect(seqOf(said)).toBeGreaterThanOrEqual(seqOf(position));
  }
});

test('what is no position is refused, and one that does not come is not waited for for ever', async () => {
  const refused = await gateway.send(o2, { headers: { 'X-Netweave-At-Least': 'x' } });
  const late = await gateway.send(o2, { headers: { 'X-Netweave-At-Least': '99999999.zz' } });
  expect([refused.status, JSON.parse(refused.text)]).toMatchObject([400, { at: 'X-Netweave-At-Least' }]);
  expect([late.status, late.headers['retry-after']]).toEqual([503, '1']);
});
