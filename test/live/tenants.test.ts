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

const document = 'subscription { changes(where: { objectType: [Resource] }) { ... on Change { id change } } }';

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

interface Changed {
  readonly id: string;
  readonly change: string;
}

const told = (client: LiveClient) =>
  client.of('1').map((message) => (message as { payload: { data: { changes: Changed } } }).payload.data.changes);

/** Waits until everything told of that was not seen is told to be gone. */
async function goneUnless(seen: ReadonlySet<string>, ids: readonly string[], client: LiveClient): Promise<void> {
  const missing = ids.filter((id) => !seen.has(id));
  const gone = (of: string) => told(client).some(({ id, change }) => id === of && change === 'DELETED');
  await until(() => missing.every(gone));
}

test('two tenants on one document: each is told of its own and of what is shared, and a system role of all', async () => {
  const clients = new Map<string, LiveClient>();
  for (const as of ['system', 'blue', 'red']) {
    const client = await connectLive(gateway, { as });
    client.subscribe('1', document);
    clients.set(as, client);
  }
  await until(() => [...clients.values()].every((client) => told(client).length > 40));
  const [ofBlue, ofRed, ofAll] = ['blue', 'red', 'system'].map((as) => told(clients.get(as)!).map(({ id }) => id)) as [
    string[],
    string[],
    string[],
  ];
  const [blue, red] = [await idsSeen('blue'), await idsSeen('red')];
  await goneUnless(blue, ofBlue, clients.get('blue')!);
  await goneUnless(red, ofRed, clients.get('red')!);
  for (const client of clients.values()) client.socket.terminate();
  // Each was told what the other must not see, so the two waits above could have failed.
  expect(ofBlue.some((id) => !red.has(id))).toBe(true);
  expect(ofRed.some((id) => !blue.has(id))).toBe(true);
  expect(ofAll.some((id) => !blue.has(id)) && ofAll.some((id) => !red.has(id))).toBe(true);
});
