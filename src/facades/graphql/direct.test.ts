import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ids, inventory } from './testing/inventory.js';
import { openWorld, type World } from './testing/world.js';

let world: World;
beforeAll(async () => {
  world = await openWorld(inventory, { limits: { cost: 300 } });
});
afterAll(() => world.close());

interface Asked {
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Everything of an answer but when it was given. */
async function answer({ body, headers = {} }: Asked): Promise<object> {
  const response = await fetch(world.url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const { date: _date, ...rest } = Object.fromEntries(response.headers);
  return { status: response.status, headers: rest, text: await response.text() };
}

const pools = '{ resourcePools { nodes { name resourceCount site { name } } totalCount } }';
const pool = 'query Pool($id: ID!) { resourcePool(id: $id) { name } }';
const many = '{ resourcePools(first: $first) { nodes { resources(first: 50) { totalCount } } } }';
const two = 'query A { oCloud { name } } query B { oCloud { id } }';

describe('a known document is answered as Apollo answers it', () => {
  test.each<[string, Asked]>([
    ['plainly', { body: { query: pools } }],
    ['with variables', { body: { query: pool, variables: { id: ids.pool(1) } } }],
    ['with an error of a field', { body: { query: pool, variables: { id: 'nobody' } } }],
    ['with a wrong variable', { body: { query: pool, variables: { id: { no: 'id' } } } }],
    ['with an error that leaves nothing', { body: { query: '{ resources(first: 0) { totalCount } }' } }],
    [
      'without the permission',
      { body: { query: '{ resources { totalCount } }' }, headers: { 'x-caller': 'pool-reader' } },
    ],
    ['named', { body: { query: two, operationName: 'B' } }],
    ['named wrongly', { body: { query: two, operationName: 'C' } }],
    ['not named', { body: { query: two } }],
    ['named null', { body: { query: pools, operationName: null, variables: null } }],
    ['too dear', { body: { query: `query ($first: Int) ${many}`, variables: { first: 1000 } } }],
    ['with extensions', { body: { query: pools, extensions: {} } }],
    [
      'with a persisted query',
      { body: { query: pools, extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } } },
    ],
    ['with variables that are none', { body: { query: pools, variables: ['x'] } }],
    ['with an unknown member', { body: { query: pools, id: 7 } }],
    ['as a response', { body: { query: pools }, headers: { Accept: 'application/graphql-response+json' } }],
    ['as either', { body: { query: pools }, headers: { Accept: 'text/html, application/json;q=0.5, */*;q=0.1' } }],
    ['as nothing we have', { body: { query: pools }, headers: { Accept: 'image/png' } }],
    ['introspecting', { body: { query: '{ __type(name: "ResourcePool") { name fields { name } } }' } }],
  ])('%s', async (_, asked) => {
    // Whatever else it is asked with, a document is known once it has been executed.
    const first = await answer(asked);
    for (let again = 0; again < 3; again += 1) expect(await answer(asked)).toEqual(first);
  });

  test('with a mutation, which is never answered twice by one request', async () => {
    const query = 'mutation { deleteResourcePool(input: { id: "nobody" }) { id } }';
    for (let time = 1; time <= 3; time += 1) {
      await answer({ body: { query } });
      expect(world.seen.outcomes.filter((each) => /delete/i.test(each))).toHaveLength(time);
    }
  });
});

test('a query is executed once, though Apollo spells its errors', async () => {
  const query = '{ resourcePool(id: "somebody") { name } }';
  for (let time = 0; time < 4; time += 1) {
    world.seen.outcomes.length = 0;
    await answer({ body: { query } });
    expect(world.seen.outcomes).toHaveLength(1);
  }
});
