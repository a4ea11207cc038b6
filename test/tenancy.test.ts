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

  test.each(facades.map((facade) => [facade.name, facade] as const))(
    'is found by no filter through %s',
    async (_, facade) => {
      const list = lists.find((each) => each.object === object)!;
      const parent = object.parent === undefined || facade.name !== 'rest' ? {} : { parent: own(name)[object.parent] };
      // Of what we own, O2 knows less than the others, and refuses to filter by the rest.
      const shown = facade.name === 'rest' && object.owned ? object.presenters[0]!.attributes : foreign(name);
      const conditions: readonly (readonly [string, string, string])[] = [
        ['eq', object.key, foreignId(name)],
        ['in', object.key, foreignId(name)],
        ...Object.entries(foreign(name)).flatMap(([attribute, value]) =>
          typeof value === 'string' && attribute in shown ? [['eq', attribute, value] as const] : [],
        ),
      ];
      for (const [operator, attribute, value] of conditions) {
        if (mine[name]!.some((each) => each[attribute] === value) || /[,;()']/.test(value)) continue;
        const ask = async (asked: string) =>
          (await call(gateway, facade, list, { ...parent, filter: `(${operator},${attribute},${asked})` }, asBlue))!
            .reply;
        const reply = await expectSame(value, ask);
        expect(facade.read(list, reply!)).toMatchObject({ code: 'OK', values: [] });
      }
    },
  );

  test('is no node of the graph', async () => {
    const ask = (id: string) =>
      send('/graphql', {
        method: 'POST',
        body: { query: 'query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id, $id]) { id } }', variables: { id } },
      });
    const { text } = (await expectSame(foreignId(name), ask))!;
    expect(JSON.parse(text)).toEqual({ data: { node: null, nodes: [null, null] } });
  });
});

describe('by way of something else', () => {
  const through = facades.map((facade) => [facade.name, facade] as const);

  test.each(through)("a list under another tenant's pool is as absent as under none: %s", async (_, facade) => {
    const ask = async (parent: string) =>
      (await call(gateway, facade, operationOf('resources.list'), { parent }, asBlue))?.reply;
    const reply = await expectSame(foreignId('ResourcePool'), ask);
    const { code, values } = facade.read(operationOf('resources.list'), reply!);
    expect([code, values]).toEqual(facade.name === 'graphql' ? ['OK', []] : ['NOT_FOUND', []]);
  });

  test.each(through)('a part of a resource is as absent as the resource: %s', async (_, facade) => {
    const withParts = only('Resource', before['Resource']!, mine['Resource']!).find(
      (each) => (each['elements'] as Value[]).length > 0,
    )!;
    const [part] = withParts['elements'] as Value[];
    const parent = withParts['resourcePoolId'];
    await expectSame(
      String(part!['resourceId']),
      async (id) => (await call(gateway, facade, operationOf('resources.get'), { id, parent }, asBlue))!.reply,
    );
  });

  test.each(through)('derived attributes find nothing of another tenant: %s', async (_, facade) => {
    const ask = async (id: string) =>
      (await call(gateway, facade, operationOf('oCloudSites.list'), { filter: `(eq,resourcePools,${id})` }, asBlue))!
        .reply;
    const reply = await expectSame(foreignId('ResourcePool'), ask);
    expect(facade.read(operationOf('oCloudSites.list'), reply!)).toMatchObject({ code: 'OK', values: [] });
  });

  const writes: readonly (readonly [string, (id: string) => Input])[] = [
    [
      'resources.create',
      (id) => ({ value: { resourcePoolId: id, resourceTypeId: sharedId('ResourceType'), description: 'x' } }),
    ],
    ['resources.update', (id) => ({ id: own('Resource')['resourceId'], patch: { resourcePoolId: id } })],
  ];
  const referring = writes.flatMap(([name, input]) =>
    facades.map((facade) => [name, facade.name, facade, input] as const),
  );

  test.each(referring)('%s through %s cannot refer to it', async (name, _, facade, input) => {
    const reply = await expectSame(
      foreignId('ResourcePool'),
      async (id) => (await call(gateway, facade, operationOf(name), input(id), asBlue))?.reply,
    );
    if (reply) expect(facade.read(operationOf(name), reply).code).toBe('UNPROCESSABLE');
  });

  const spellings = ['/o2ims-infrastructureInventory/v1', '/O2ims_infrastructureInventory/v2', '/o2ims/v1'];

  test.each(spellings)('%s knows it no more than the others', async (base) => {
    for (const method of ['GET', 'HEAD'])
      for (const rest of ['', '?all_fields', '/resources', `/resources/${foreignId('Resource')}`])
        await expectSame(foreignId('ResourcePool'), (id) => send(`${base}/resourcePools/${id}${rest}`, { method }));
  });

  test.each(through)('a marker sealed for another tenant is as good as none of ours: %s', async (_, facade) => {
    const list = operationOf('resourcePools.list');
    const short = facade.name === 'rest' ? {} : { first: 3 };
    const { next } = (await call(gateway, facade, list, short, { as: 'red' }))!;
    const ask = async (after: string) => (await call(gateway, facade, list, { after }, asBlue))!.reply;
    const reply = await expectSame(next!, ask);
    expect(facade.read(list, reply!).code).toBe('INVALID');
  });
});

describe('state', () => {
  const url = '/o2ims-infrastructureInventory/v2/resourcePools';
  const tags = async (as: string) => {
    const found = [];
    const targets = ['resourcePools', 'resourcePools?all_fields', 'resourceTypes', 'oCloudSites'];
    for (const target of targets.map((path) => url.replace('resourcePools', path)))
      found.push(String((await gateway.send(target, { as })).headers['etag']));
    return found;
  };

  test('an ETag of another tenant is of another answer', async () => {
    const { headers } = await gateway.send(url, { as: 'red' });
    const reply = await gateway.send(url, { as: 'blue', headers: { 'If-None-Match': String(headers['etag']) } });
    expect([reply.status, (JSON.parse(reply.text) as Value[]).length]).toEqual([200, 10]);
  });

  test('what one tenant writes changes nothing for another, not even an ETag', async () => {
    const [blue, red] = [await tags('blue'), await tags('red')];
    const create = operationOf('resourcePools.create');
    const { values } = (await call(
      gateway,
      trpc,
      create,
      { value: { name: String(foreign('ResourcePool')['name']), description: 'of blue, with a name of red' } },
      { as: 'blue' },
    ))!;
    const [pool] = values;
    const id = String(pool!['resourcePoolId']);
    const about = (as: string) => call(gateway, trpc, operationOf('resourcePools.get'), { id }, { as });
    expect([(await about('blue'))!.code, (await about('red'))!.code, (await about('system'))!.code]).toEqual([
      'OK',
      'NOT_FOUND',
      'OK',
    ]);
    const after = await tags('blue');
    expect(after.map((tag, at) => tag !== blue[at])).toEqual([true, true, false, true]);
    expect(await tags('red')).toEqual(red);
    expect((await call(gateway, trpc, operationOf('resourcePools.delete'), { id }, { as: 'blue' }))!.code).toBe('OK');
  });
});

describe('what is shared', () => {
  const mutations = allOperations.filter(
    ({ kind, verb, object }) =>
      kind === 'mutation' && verb !== 'create' && !object.owned && object.presenters.length > 0,
  );
  const calls = mutations.flatMap((operation) =>
    facades.map((facade) => [operation.name, facade.name, operation, facade] as const),
  );

  test.each(calls)('%s through %s is for roles without a tenant', async (_, __, operation, facade) => {
    const input = { id: sharedId(operation.object.name), update: { patch: { description: 'x' } }, scale: { size: 1 } };
    const { id, ...more } = input;
    const outcome = await call(
      gateway,
      facade,
      operation,
      { id, ...(more as Readonly<Record<string, Input>>)[operation.verb] },
      { as: 'blue' },
    );
    if (outcome) expect(outcome.code).toBe('FORBIDDEN');
  });
});

test('after all of this nothing of red, and nothing shared, is any different', async () => {
  expect(await everythingSeen(gateway, 'red')).toEqual(before);
});
