import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ids, inventory, poolOf, resourceOf } from './testing/inventory.js';
import { openWorld, type Told, type World } from './testing/world.js';

const most = 200;
const unindexed = '(cont,description,nobody says this)';

/** Ten pools, of which the first has 880 resources and the others have 40 together. */
const told: readonly Told[] = [
  ...inventory.filter(([object]) => object !== 'ResourcePool' && object !== 'Resource'),
  ...Array.from({ length: 10 }, (_, number) => poolOf(number + 1)),
  ...Array.from({ length: 920 }, (_, number) => resourceOf(number, number < 880 ? 1 : 2 + (number % 9))),
];
let world: World;
beforeAll(async () => {
  world = await openWorld(told, { limits: { cost: most } });
});
afterAll(() => world.close());

/** What the refusal says that it costs; undefined when it was answered. */
async function costOf(query: string, variables: object = {}, caller = 'admin'): Promise<number | undefined> {
  const { status, body } = await world.ask(query, { ...variables }, caller);
  if (status === 200) return void expect(body.errors).toBeUndefined();
  expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  return Number(/^The operation (?:costs|may answer with) (\d+)/.exec(body.errors![0]!.message)![1]);
}

const aliased = (times: number, field: string) =>
  `{ ${Array.from({ length: times }, (_, number) => `a${number}: ${field}`).join(' ')} }`;

describe('a page that is no connection', () => {
  test('costs as many as it asks for', async () => {
    const letters = (first: number) =>
      `{ inventorySubscriptions(first: 2) { nodes { deadLetters(first: ${first}) { items { reason } } } } }`;
    expect(await costOf(letters(97))).toBeUndefined();
    expect(await costOf(letters(100))).toBe(1 + 2 * (1 + 1 + 100));
  });
});

describe('what no index answers costs by what has to be looked at', () => {
  test('a filter, and a count of what it finds as much again', async () => {
    const page = `resources(first: 1, filter: "${unindexed}") { position }`;
    const both = `resources(first: 1, filter: "${unindexed}") { position totalCount }`;
    // Each looks at 920 objects.
    expect(await costOf(aliased(19, page))).toBeUndefined();
    expect(await costOf(aliased(20, page))).toBe(20 + 184);
    expect(await costOf(aliased(30, both))).toBe(30 + 552);
  });

  test('whichever way it is said: typed, by variable, through a fragment', async () => {
    const where = { description: { contains: 'nobody' } };
    const typed = `query ($where: ResourceWhere) ${aliased(20, 'resources(first: 1, where: $where) { position }')}`;
    expect(await costOf(typed, { where })).toBe(204);
    const text = `query ($filter: String = "${unindexed}") ${aliased(20, 'resources(first: 1, filter: $filter) { ...P }')} fragment P on ResourceConnection { position }`;
    expect(await costOf(text)).toBe(204);
    expect(await costOf(text, { filter: null })).toBeUndefined();
  });

  test('an order', async () => {
    expect(await costOf(aliased(20, 'resources(first: 1, orderBy: { by: description }) { totalCount }'))).toBe(204);
  });

  test('of a relation each object has its share, and no more objects have one than there are', async () => {
    const document = (times: number) =>
      `{ resourcePools(first: 2) { nodes { ${aliased(times, `resources(first: 1, filter: "${unindexed}") { position }`).slice(1)} } }`;
    // Two pools of ten look at 184 of 920.
    expect(await costOf(document(30))).toBeUndefined();
    const all = document(14).replace('first: 2', 'first: 10');
    expect(await costOf(all)).toBe(1 + 10 * 15 + 129);
    // A hundred pools would answer with more, but there are ten to look into.
    expect(await costOf(document(2).replace('first: 2', 'first: 100'))).toBe(1 + 100 * 3 + 19);
  });
});

describe('what an index answers is free to be found', () => {
  test.each([
    ['everything, counted', 'resources(first: 1) { totalCount }'],
    ['an indexed attribute', `resources(first: 1, filter: "(eq,resourcePoolId,${ids.pool(2)})") { totalCount }`],
    [
      'a search in what an index finds',
      `resources(first: 1, filter: "(eq,resourcePoolId,${ids.pool(2)});${unindexed}") { totalCount }`,
    ],
  ])('%s', async (_, field) => {
    expect(await costOf(aliased(30, field))).toBeUndefined();
  });
});

test('how much there is of what a caller may not read is not told', async () => {
  const { body } = await world.ask(
    aliased(30, `resources(first: 1, filter: "${unindexed}") { totalCount }`),
    {},
    'pool-reader',
  );
  expect(body.errors!.every(({ extensions }) => extensions['code'] === 'FORBIDDEN')).toBe(true);
});
