import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { execute, parse } from 'graphql';
import { allOperations } from '../../operations/operations.js';
import { schemaOf } from './schema.js';
import { ids, inventory, poolOf, resourceOf } from './testing/inventory.js';
import { openWorld, type World } from './testing/world.js';

const schema = schemaOf(allOperations);
let world: World;
beforeAll(async () => {
  world = await openWorld(inventory);
  world.coverage.expect('cluster', ['Resource'], new Set(['Resource']));
  world.coverage.synced('cluster', 'Resource', Date.now());
});
afterAll(() => world.close());

const counts = '{ resourcePools { nodes { name resourceCount } } }';

/** Operations that ran, and those that were only admitted, since the last look. */
function outcomes(): string[] {
  return world.seen.outcomes.splice(0);
}

test('what is asked again while nothing changes is not executed again, and still counted', async () => {
  for (let time = 0; time < 4; time += 1) await world.ask(counts);
  outcomes();
  world.seen.reads.length = 0;
  const { body, headers } = await world.ask(counts);
  expect(body.data).toMatchObject({
    resourcePools: { nodes: expect.arrayContaining([{ name: 'pool-1', resourceCount: 4 }]) },
  });
  expect(headers.get('x-netweave-position')).toMatch(/^\d+\.\w+$/);
  expect(outcomes().sort()).toEqual(['resourcePools.list OK', 'resources.list OK']);
});

test('what is audited or told by no view is executed every time', async () => {
  const audit = '{ audit(first: 1) { items { at } } }';
  const told = new Set<string>();
  for (let time = 0; time < 4; time += 1) {
    await world.ask('mutation { deleteResourcePool(input: { id: "nobody" }) { id } }');
    const { body } = await world.ask(audit);
    told.add(JSON.stringify(body));
  }
  expect(told.size).toBe(4);
});

/** What happens between two looks of somebody. */
const happening = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ asks: fc.nat(5), caller: fc.constantFrom('admin', 'pool-reader', 'tenant-a', 'tenant-b') }),
  },
  fc.record({ moves: fc.integer({ min: 1, max: 20 }), to: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ renames: fc.integer({ min: 1, max: 5 }), tenant: fc.constantFrom('a', 'b', undefined) }),
  fc.record({ away: fc.boolean() }),
);

const asked = [
  { query: counts },
  {
    query:
      '{ resources(first: 3, filter: "(eq,description,moved)") { nodes { resourceId resourcePool { name } } totalCount } }',
  },
  { query: 'query ($id: ID!) { resourcePool(id: $id) { name resourceCount } }', variables: { id: ids.pool(1) } },
  { query: 'query ($id: ID!) { resourcePool(id: $id) { name resourceCount } }', variables: { id: ids.pool(2) } },
  {
    query: 'query ($id: ID!) { resource(id: $id) { description resourcePool { name site { name } } } }',
    variables: { id: ids.resource(1) },
  },
  { query: '{ __typename oCloud { name } }' },
];

test('whatever changes in between, and whoever asks, is answered as if it were asked for the first time', async () => {
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 10, maxLength: 40 }), async (happenings) => {
      for (const each of happenings) {
        if ('moves' in each) await world.tell([resourceOf(each.moves, each.to)]);
        else if ('renames' in each) await world.tell([poolOf(each.renames, each.tenant)]);
        else if ('away' in each && each.away) world.coverage.stale('cluster', 'Resource', 'away');
        else if ('away' in each) world.coverage.synced('cluster', 'Resource', Date.now());
        else {
          const { query, variables } = asked[each.asks]! as { query: string; variables?: Record<string, unknown> };
          const contextValue = world.requestOf(each.caller);
          const { data } = await execute({
            schema,
            document: parse(query),
            contextValue,
            variableValues: variables ?? {},
          });
          const gaps = contextValue.gaps.size;
          const reads = world.seen.reads.length;
          const { body } = await world.ask(query, variables, each.caller);
          expect(body.data ?? null).toEqual(JSON.parse(JSON.stringify(data ?? null)));
          expect(body.extensions?.['incomplete'] !== undefined).toBe(gaps > 0);
          if (world.seen.reads.length === reads) kept += 1;
        }
      }
    }),
    { numRuns: 30 },
  );
  expect(kept).toBeGreaterThan(20);
});
