import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.js';

let gateway: GatewayUnderTest;
let list: string;
beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 4, size: 250, pools: 1, changesPerSecond: 0 } } },
    yaml: 'limits: { pageBytes: 64KiB }',
  });
  const pools = JSON.parse((await gateway.send('/o2ims-infrastructureInventory/v2/resourcePools')).text) as {
    resourcePoolId: string;
  }[];
  list = `/o2ims-infrastructureInventory/v2/resourcePools/${pools[0]!.resourcePoolId}/resources?all_fields`;
});
afterAll(() => gateway.close());

/** Ids of a page. */
const idsIn = (text: string) => (JSON.parse(text) as { resourceId: string }[]).map(({ resourceId }) => resourceId);

test('pages that are cut short for their bytes are all there, by the link and by number', async () => {
  const byLink: string[][] = [];
  for (let next: string | undefined = list; next;) {
    const { text, headers }: Awaited<ReturnType<GatewayUnderTest['send']>> = await gateway.send(next);
    byLink.push(idsIn(text));
    next = /<https?:\/\/[^/]+([^>]*)>; rel="next"/.exec(String(headers['link']))?.[1];
  }
  const byNumber: string[][] = [];
  for (let page = 1; byNumber.at(-1)?.length !== 0; page += 1)
    byNumber.push(idsIn((await gateway.send(`${list}&nextpage_opaque_marker=${page}`)).text));
  expect(byLink[0]!.length).toBeLessThan(100);
  expect(byNumber[0]).toHaveLength(100);
  expect(byNumber.flat()).toEqual(byLink.flat());
  expect(byLink.flat().length).toBeGreaterThan(200);
});

test('a 304 has the tag that the client asked with', async () => {
  const gzip = { 'Accept-Encoding': 'gzip' };
  const plain = String((await gateway.send(list)).headers['etag']);
  const packed = String((await gateway.send(list, { headers: gzip })).headers['etag']);
  expect(packed).not.toBe(plain);
  for (const tag of [plain, packed]) {
    const { status, headers } = await gateway.send(list, { headers: { ...gzip, 'If-None-Match': tag } });
    expect([status, headers['etag']]).toEqual([304, tag]);
  }
});
