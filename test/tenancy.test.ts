import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { definitionOf } from '#schema/objects.js';
import { allOperations } from '#src/operations/operations.js';
import { call, everythingSeen, facades, graph, operationOf, type Input, type Value } from './facade-calls.js';
import { expectSame } from './answers-alike.js';
import { openGatewayUnderTest, type Ask, type GatewayUnderTest } from './gateway-under-test.js';

// Everything here is tried by `blue` on what is `red`'s.
let gateway: GatewayUnderTest;
let before: Everything;
let system: Everything;
let mine: Everything;

const lists = allOperations.filter(({ verb }) => verb === 'list');
const owned = lists.filter(({ object }) =>
  ['ResourcePool', 'Resource', 'DeploymentManager', 'InventorySubscription'].includes(object.name),
);
const trpc = facades.find(({ name }) => name === 'trpc')!;
type Everything = Awaited<ReturnType<typeof everythingSeen>>;

const keyOf = (object: string): string => lists.find((each) => each.object.name === object)!.object.key;
const idsOf = (object: string, values: readonly Value[]): readonly string[] =>
  values.map((each) => String(each[keyOf(object)]));

/** Objects that the first sees and the second does not. */
function only(object: string, first: readonly Value[], second: readonly Value[]): readonly Value[] {
  const others = new Set(idsOf(object, second));
  return first.filter((each) => !others.has(String(each[keyOf(object)])));
}

/** An object of red's; of a resource also a part of it. */
const foreign = (object: string): Value => only(object, before[object]!, mine[object]!)[0]!;
const own = (object: string): Value => only(object, mine[object]!, before[object]!)[0]!;
const foreignId = (object: string): string => String(foreign(object)[keyOf(object)]);
const sharedId = (object: string): string => {
  const both = new Set(idsOf(object, mine[object]!));
  return idsOf(object, before[object]!).find((id) => both.has(id))!;
};

const asBlue = { as: 'blue', headers: { 'X-Request-Id': 'the-same' } } as const;
const send = (target: string, ask: Ask = {}) => gateway.send(target, { ...asBlue, ...ask });

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: {
      sim: { embedded: { seed: 11, size: 500, pools: 20, changesPerSecond: 0, tenants: ['blue', 'red'] } },
    },
    clients: {
      system: { roles: ['admin'] },
      blue: { roles: ['admin'], tenant: 'blue' },
      red: { roles: ['admin'], tenant: 'red' },
    },
    yaml: 'limits: { pageSize: 10 }\ncallbacks: { test: "off" }',
  });
  for (const as of ['system', 'blue', 'red']) {
    const value = { callback: `http://127.0.0.1:9/of/${as}`, consumerSubscriptionId: `mine, ${as}` };
    await call(gateway, trpc, operationOf('inventorySubscriptions.create'), { value }, { as });
  }
  [before, system, mine] = [
    await everythingSeen(gateway, 'red'),
    await everythingSeen(gateway, 'system'),
    await everythingSeen(gateway, 'blue'),
  ];
});

afterAll(async () => {
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

describe('what a tenant sees', () => {
  test.each(lists.map(({ object }) => object.name))(
    '%s: its own and what is shared, which is all of it for nobody',
    (object) => {
      const shared = new Set(idsOf(object, before[object]!));
      const common = idsOf(object, mine[object]!).filter((id) => shared.has(id));
      // What a role without a tenant owns is its own alone.
      const { owned: ours } = definitionOf(object);
      expect(common.length > 0).toBe(ours !== true);
      const both = mine[object]!.length + before[object]!.length - common.length;
      expect(system[object]!.length - both).toBe(ours ? 1 : 0);
      const hasOwners = owned.some((each) => each.object.name === object);
      expect(only(object, before[object]!, mine[object]!).length > 0).toBe(hasOwners);
    },
  );

  test.each(lists.map(({ object }) => [object.name, object] as const))(
    '%s are counted as far as they are seen',
    async (name, object) => {
      for (const [as, seen] of Object.entries({ blue: mine, red: before, system })) {
        const { data } = await graph(gateway, as, `{ ${object.collection}(first: 1) { totalCount } }`);
        expect(data).toEqual({ [object.collection]: { totalCount: seen[name]!.length } });
      }
    },
  );

  const counted = [
    ['oCloudSites', 'oCloudSiteId', 'poolCount', 'ResourcePool'],
    ['locations', 'globalLocationId', 'resourcePoolCount', 'ResourcePool'],
    ['resourceTypes', 'resourceTypeId', 'resourceCount', 'Resource'],
    ['resourcePools', 'resourcePoolId', 'resourceCount', 'Resource'],
  ] as const;

  test.each(counted)('%s: what points at them is counted as far as it is seen', async (collection, key, count, of) => {
    const { data } = await graph(gateway, 'blue', `{ ${collection}(first: 500) { nodes { id ${count} } } }`);
    const { nodes } = (data as Record<string, { readonly nodes: readonly Value[] }>)[collection]!;
    const expected = nodes.map(({ id }) => ({ id, [count]: mine[of]!.filter((each) => each[key] === id).length }));
    expect(nodes).toEqual(expected);
  });

  test('a site lists the pools that are seen', () => {
    for (const site of mine['OCloudSite']!) {
      const pools = mine['ResourcePool']!.filter((pool) => pool['oCloudSiteId'] === site['oCloudSiteId']);
      expect(site['resourcePools']).toEqual(idsOf('ResourcePool', pools));
    }
  });
});

describe.each(owned.map(({ object }) => [object.name, object] as const))("another tenant's %s", (name, object) => {
  const operations = allOperations.filter(
    (each) => each.object === object && each.verb !== 'list' && each.verb !== 'create',
  );
  const calls = operations.flatMap((operation) =>
    facades.map((facade) => [operation.name, facade.name, operation, facade] as const),
  );
  const patch = object.owned ? { filter: '' } : { description: 'mine now' };

  test.each(calls)('%s through %s: as absent as none', async (_, __, operation, facade) => {
    const parents =
      object.parent === undefined
        ? [{}]
        : [{ parent: foreign(name)[object.parent] }, { parent: own(name)[object.parent] }];
    const more: Readonly<Record<string, Input>> = {
      update: { patch },
      scale: { size: 1 },
      replay: { allDeadLetters: true },
    };
    for (const parent of operation.verb === 'get' && facade.name === 'rest' ? parents : [{}]) {
      const ask = async (id: string) => {
        const found = await call(gateway, facade, operation, { id, ...parent, ...more[operation.verb] }, asBlue);
        if (found) expect(found.code).toBe('NOT_FOUND');
        return found?.reply;
      };
      await expectSame(foreignId(name), ask);
    }
  });

  test('after all of this nothing of red, and nothing shared, is any different', async () => {
  expect(await everythingSeen(gateway, 'red')).toEqual(before);
});
