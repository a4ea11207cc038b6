import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildSchema, getNamedType, type GraphQLInputObjectType, type GraphQLObjectType } from 'graphql';
import { allOperations } from '#src/operations/operations.js';
import { call, everythingSeen, facades, operationOf, type Value } from './facade-calls.js';
import { expectSame } from './answers-alike.js';
import { openGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.js';

// What tenancy.test.ts tries through `filter`, through the typed `where`: `blue` asks for what is `red`'s.
let gateway: GatewayUnderTest;
let red: Everything;
let blue: Everything;
let foreign: Readonly<Record<string, string>>;
let shared: Everything;
type Everything = Awaited<ReturnType<typeof everythingSeen>>;

const schema = buildSchema(
  readFileSync(fileURLToPath(new URL('../../schema/schema.graphql', import.meta.url)), 'utf8'),
);
const objects = allOperations.filter(({ verb }) => verb === 'list').map(({ object }) => object);
const keyOf = Object.fromEntries(objects.map(({ name, key }) => [name, key]));
const ownedKinds = ['ResourcePool', 'Resource', 'part', 'DeploymentManager', 'InventorySubscription'];

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: {
      sim: { embedded: { seed: 11, size: 300, pools: 12, changesPerSecond: 0, tenants: ['blue', 'red'] } },
    },
    clients: { blue: { roles: ['admin'], tenant: 'blue' }, red: { roles: ['admin'], tenant: 'red' } },
    yaml: 'callbacks: { test: "off" }',
  });
  for (const as of ['blue', 'red']) {
    const value = { callback: `http://127.0.0.1:9/of/${as}`, consumerSubscriptionId: `mine, ${as}` };
    const trpc = facades.find(({ name }) => name === 'trpc')!;
    await call(gateway, trpc, operationOf('inventorySubscriptions.create'), { value }, { as });
  }
  [red, blue] = [await everythingSeen(gateway, 'red'), await everythingSeen(gateway, 'blue')];
  foreign = foreignIds();
  shared = Object.fromEntries(
    Object.entries(blue).map(([name, mine]) => [name, mine.filter((each) => !isOnly(name, each, red))]),
  );
});

afterAll(async () => {
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

const idOf = (object: string, value: Value) => String(value[keyOf[object]!]);
const isOnly = (object: string, value: Value, others: Everything) =>
  others[object]!.every((each) => idOf(object, each) !== idOf(object, value));

/** An id of each kind that red alone sees; of a part of a resource, too. */
function foreignIds(): Readonly<Record<string, string>> {
  const only = (object: string) => red[object]!.filter((each) => isOnly(object, each, blue));
  const kinds = ownedKinds.filter((kind) => kind !== 'part');
  const parts = only('Resource').flatMap((each) => each['elements'] as Value[]);
  return {
    ...Object.fromEntries(kinds.map((kind) => [kind, idOf(kind, only(kind)[0]!)])),
    part: String(parts[0]!['resourceId']),
  };
}

/** Of these words alone: an id is refused there, whoever has it. */
const words = ['type', 'apiMajor', 'filterMode', 'ordering', 'states', 'state'];

/** Members of a `where` that compare ids or texts, with the members they stand in. */
function comparing(type: GraphQLInputObjectType, levels = 1): readonly (readonly string[])[] {
  return Object.values(type.getFields()).flatMap(({ name, type: of }) => {
    const named = getNamedType(of);
    if (words.includes(name)) return [];
    if (['IDFilter', 'StringFilter'].includes(named.name)) return [[name]];
    if (name === 'and' || name === 'or' || !named.name.endsWith('Where') || levels === 0) return [];
    return comparing(named as GraphQLInputObjectType, levels - 1).map((path) => [name, ...path]);
  });
}

const whereOf = (object: string) => schema.getType(`${object}Where`) as GraphQLInputObjectType;
const within = (path: readonly string[], condition: object): object =>
  path.reduceRight<object>((inner, name) => ({ [name]: inner }), condition);

function ask(query: string, variables: object) {
  const headers = { 'X-Request-Id': 'the-same' };
  return gateway.send('/graphql', { as: 'blue', headers, method: 'POST', body: { query, variables } });
}

interface Found {
  readonly data: Readonly<Record<string, { readonly totalCount: number; readonly nodes: readonly Value[] }>>;
}

/** What a list has for a `where` about a foreign id, which is what it has for one that nobody has. */
async function listed(object: string, id: string, where: (id: string) => object) {
  const { collection } = objects.find(({ name }) => name === object)!;
  const query = `query ($where: ${object}Where) { ${collection}(first: 500, where: $where) { totalCount nodes { id } } }`;
  const reply = (await expectSame(id, (asked) => ask(query, { where: where(asked) })))!;
  const { totalCount, nodes } = (JSON.parse(reply.text) as Found).data[collection]!;
  return { totalCount, ids: nodes.map(({ id: found }) => found) };
}

const cases = objects.flatMap(({ name }) =>
  comparing(whereOf(name)).map((path) => [name, path.join('.'), path] as const),
);

test('every object kind can be asked for by ids', () => {
  expect(cases.length).toBeGreaterThan(40);
  for (const { name, key } of objects)
    expect(cases.map(([object, at]) => `${object}.${at}`)).toContain(`${name}.${key}`);
});

describe.each(ownedKinds)("another tenant's %s", (kind) => {
  test.each(cases)('is found by no %s.%s', async (object, _, path) => {
    const none = { totalCount: 0, ids: [] };
    const all = blue[object]!.map((each) => idOf(object, each));
    const id = foreign[kind]!;
    for (const where of [(asked: string) => ({ eq: asked }), (asked: string) => ({ in: [asked, asked] })]) {
      expect(await listed(object, id, (asked) => within(path, where(asked)))).toEqual(none);
      expect(await listed(object, id, (asked) => ({ or: [within(path, where(asked))] }))).toEqual(none);
    }
    for (const where of [(asked: string) => ({ neq: asked }), (asked: string) => ({ nin: [asked] })])
      expect((await listed(object, id, (asked) => within(path, where(asked)))).ids).toEqual(all);
  });
});

/** Lists of what points at an object, by the object and the field: their objects, and whose ids they are asked for. */
const relations = objects.flatMap(({ name, collection }) =>
  Object.values((schema.getType(name) as GraphQLObjectType).getFields()).flatMap(({ name: field, args, type }) => {
    const where = args.find((each) => each.name === 'where');
    const of = getNamedType(type).name.replace(/Connection$/, '');
    return where ? [[collection, field, of] as const] : [];
  }),
);

describe.each(relations)('%s.%s', (collection, field, of) => {
  test.each(ownedKinds)("finds no other tenant's %s", async (kind) => {
    const query = `query ($where: ${of}Where) { ${collection}(first: 10) { nodes { found: ${field}(first: 5, where: $where) { totalCount nodes { id } } } } }`;
    for (const path of comparing(whereOf(of), 0)) {
      const where = (id: string) => ({ where: within(path, { eq: id }) });
      const reply = (await expectSame(foreign[kind]!, (id) => ask(query, where(id))))!;
      const { nodes } = (JSON.parse(reply.text) as Found).data[collection]!;
      expect(nodes.length).toBeGreaterThan(0);
      for (const { found } of nodes) expect(found).toEqual({ totalCount: 0, nodes: [] });
    }
  });
});

test('what is shared, and what is its own, is found in these ways', async () => {
  for (const { name, key, owned } of objects) {
    const id = idOf(name, (owned ? blue : shared)[name]![0]!);
    const { collection } = objects.find((each) => each.name === name)!;
    const query = `query ($where: ${name}Where) { ${collection}(where: $where) { nodes { id } } }`;
    const { text } = await ask(query, { where: { [key]: { eq: id } } });
    expect(JSON.parse(text)).toEqual({ data: { [collection]: { nodes: [{ id: expect.any(String) }] } } });
  }
});
