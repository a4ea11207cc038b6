import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openGatewayUnderTest, until, type GatewayUnderTest } from '../gateway-under-test.js';
import { connectLive, type LiveClient } from './live-client.js';

let gateway: GatewayUnderTest;

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: {
      sim: { embedded: { seed: 11, size: 300, pools: 20, changesPerSecond: 100, tenants: ['blue', 'red'] } },
    },
    clients: {
      system: { roles: ['admin'] },
      blue: { roles: ['admin'], tenant: 'blue' },
      red: { roles: ['admin'], tenant: 'red' },
    },
  });
});
afterAll(async () => {
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

const document = 'subscription { changes(where: { objectType: [Resource] }) { ... on Change { id } } }';

async function idsSeen(as: string): Promise<ReadonlySet<string>> {
  const ids: string[] = [];
  let after: string | null = null;
  do {
    const query =
      'query($after: String) { resources(first: 1000, after: $after) { nodes { id } pageInfo { endCursor hasNextPage } } }';
    const reply = await gateway.send('/graphql', { method: 'POST', as, body: { query, variables: { after } } });
    const { resources } = (
      JSON.parse(reply.text) as {
        data: { resources: { nodes: { id: string }[]; pageInfo: { endCursor: string; hasNextPage: boolean } } };
      }
    ).data;
    ids.push(...resources.nodes.map(({ id }) => id));
    after = resources.pageInfo.hasNextPage ? resources.pageInfo.endCursor : null;
  } while (after !== null);
  return new Set(ids);
}

const told = (client: LiveClient) =>
  client
    .of('1')
    .map((message) => (message as { payload: { data: { changes: { id: string } } } }).payload.data.changes.id);

test('two tenants on one document: each is told of its own and of what is shared, and a system role of all', async () => {
  const clients = new Map<string, LiveClient>();
  for (const as of ['system', 'blue', 'red']) {
    const client = await connectLive(gateway, { as });
    client.subscribe('1', document);
    clients.set(as, client);
  }
  // Whose objects change is the O-Cloud's choice: until each was told what the other must not see, nothing is shown.
  await until(async () => {
    // What comes and goes meanwhile is in one list and not in the next.
    const before = await idsSeen('system');
    const [blue, red] = [await idsSeen('blue'), await idsSeen('red')];
    const after = await idsSeen('system');
    const stays = (id: string) => before.has(id) && after.has(id);
    const [ofBlue, ofRed, ofAll] = ['blue', 'red', 'system'].map((as) => told(clients.get(as)!).filter(stays)) as [
      string[],
      string[],
      string[],
    ];
    expect(ofBlue.filter((id) => !blue.has(id))).toEqual([]);
    expect(ofRed.filter((id) => !red.has(id))).toEqual([]);
    const isTold = (ids: readonly string[], of: ReadonlySet<string>) => ids.some((id) => !of.has(id));
    return isTold(ofBlue, red) && isTold(ofRed, blue) && isTold(ofAll, blue) && isTold(ofAll, red);
  });
  for (const client of clients.values()) client.socket.terminate();
});
