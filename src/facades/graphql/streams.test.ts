import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ObjectDefinition } from '#schema/object.js';
import { definitionOf, objectNames } from '#schema/objects.js';
import { fieldName } from './queries.js';
import { ids, inventory, resourceOf } from './testing/inventory.js';
import { openLiveWorld, type Listener, type LiveWorld, type Said } from './testing/live-world.js';
import type { Told } from './testing/world.js';

const subscription: Told = [
  'InventorySubscription',
  {
    subscriptionId: '00000000-0000-4000-8000-000000000001',
    callback: 'https://smo.example/notify',
    consumerSubscriptionId: 'first',
    apiMajor: 'v2',
    filterMode: 'exclude',
    ordering: 'strict',
    states: 'object',
    state: 'active',
  },
];
const everything: readonly Told[] = [...inventory, subscription];

let live: LiveWorld;
beforeEach(async () => void (live = await openLiveWorld(everything)));
afterEach(async () => {
  await live.close();
  expect(live.world.seen.unforeseen).toEqual([]);
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The attribute of an object that these tests change. */
const changes = ({ model }: ObjectDefinition) =>
  'description' in model.shape ? 'description' : 'consumerSubscriptionId';

/** The first of its kind, with another value of the attribute that is changed. */
function changed(definition: ObjectDefinition, to: string): Told {
  const [object, value] = everything.find(([name]) => name === definition.name)!;
  return [object, { ...value, [changes(definition)]: to }];
}

/** Relations that have not the name of their field: it is an attribute of O2. */
const fields: Readonly<Record<string, string>> = {
  'ResourcePool.location': 'locationInfo',
  'OCloudSite.resourcePools': 'pools',
};

/** Everything a row leads to: of each relation the ids, and how many there are. */
function selectionOf(definition: ObjectDefinition): string {
  const parts = Object.entries(definition.relations).map(([name, { kind, to }]) => {
    const { key } = definitionOf(to);
    const field = `${name}: ${fields[`${definition.name}.${name}`] ?? name}`;
    return kind === 'one' ? `${field} { ${key} }` : `${field}(first: 50) { totalCount nodes { ${key} } }`;
  });
  return `{ ${[definition.key, changes(definition), ...parts].join(' ')} }`;
}

const toldTo = (listener: Listener, id: string, field: string) =>
  listener.of(id).map((payload) => {
    expect(payload).toEqual({ data: expect.anything() });
    return (payload['data'] as Readonly<Record<string, Said>>)[field]!;
  });

describe.each(objectNames)('changes of %s', (name) => {
  const definition: ObjectDefinition = definitionOf(name);
  const [field, attribute] = [`${fieldName(name)}Changed`, changes(definition)];

  test('come with the row and what it leads to as a query answers them, what changed, and where it stands', async () => {
    const listener = await live.listen();
    const selection = selectionOf(definition);
    await listener.subscribe('s', `subscription { ${field} { change id changed at position object ${selection} } }`);
    const told = changed(definition, 'another');
    await live.world.tell([told]);
    await until(() => listener.of('s').length === 1);
    const [event] = toldTo(listener, 's', field);
    const id = told[1][definition.key];
    const head = await live.world.inside.store.head();
    expect(event).toMatchObject({ change: 'MODIFIED', id, changed: [attribute], position: `${head.seq}.${head.tag}` });
    const query = `{ ${fieldName(name)}${definition.singleton ? '' : `(id: "${String(id)}")`} ${selection} }`;
    const { data } = (await live.world.ask(query)).body;
    expect(event!['object']).toMatchObject({ [definition.key]: id, [attribute]: 'another' });
    expect(event!['object']).toEqual(data![fieldName(name)]);
    // What these lead to is there, so there was something to compare.
    for (const relation of Object.keys(definition.relations))
      expect(JSON.stringify((event!['object'] as Said)[relation])).toMatch(/[0-9a-f]{12}"/);
  });

  test.each([
    ['where', `where: { ${attribute}: { eq: "wanted" } }`],
    ['filter', `filter: "(eq,${attribute},wanted)"`],
  ])('are told of what %s is true of before or after, and of nothing else', async (_, argument) => {
    const listener = await live.listen();
    const body = `{ changed object { ${attribute} } }`;
    await listener.subscribe('all', `subscription { ${field} ${body} }`);
    await listener.subscribe('some', `subscription { ${field}(${argument}) ${body} }`);
    const values = ['other', 'wanted', 'left', 'other'];
    for (const value of values) await live.world.tell([changed(definition, value)]);
    await until(() => listener.of('all').length === values.length && listener.of('some').length >= 2);
    const shown = (id: string) => toldTo(listener, id, field).map(({ object }) => (object as Said)[attribute]);
    expect(shown('all')).toEqual(values);
    expect(shown('some')).toEqual(['wanted', 'left']);
  });
});

test('of what a change leads to, each tenant on one document is shown and counted its own', async () => {
  const document =
    'subscription { oCloudSiteChanged { object { resourcePools poolCount pools { totalCount nodes { resourcePoolId } } } } }';
  const listeners = await Promise.all(['admin', 'tenant-a', 'tenant-b'].map((as) => live.listen(as)));
  for (const listener of listeners) await listener.subscribe('s', document);
  // Pools 1, 3 and 5 stand at the first site, 2 and 4 at the second; 4 is of `a` and 5 of `b`.
  const sites = inventory.filter(([name]) => name === 'OCloudSite');
  for (const [name, value] of sites) await live.world.tell([[name, { ...value, description: 'another' }]]);
  await until(() => listeners.every((listener) => listener.of('s').length === 2));
  const [first, second] = [[1, 3], [2]].map((shared) => (own: number[]) => siteOf([...shared, ...own]));
  const shown = (listener: Listener) => toldTo(listener, 's', 'oCloudSiteChanged').map(({ object }) => object);
  expect(shown(listeners[0]!)).toEqual([first!([5]), second!([4])]);
  expect(shown(listeners[1]!)).toEqual([first!([]), second!([4])]);
  expect(shown(listeners[2]!)).toEqual([first!([5]), second!([])]);
  expect([live.hub.size, live.count.executed]).toEqual([3, 6]);
});

/** A site with these pools, as each of the four ways to ask for them shows it. */
function siteOf(pools: readonly number[]): Said {
  const resourcePools = pools.map(ids.pool);
  const nodes = resourcePools.map((resourcePoolId) => ({ resourcePoolId }));
  return { resourcePools, poolCount: pools.length, pools: { totalCount: pools.length, nodes } };
}

test('a tenant is told of no change of another, and shown nothing of another through what is shared', async () => {
  const document =
    'subscription { resourceChanged { id object { resourcePool { resourcePoolId resources { totalCount } } } } }';
  const [a, b] = [await live.listen('tenant-a'), await live.listen('tenant-b')];
  for (const listener of [a, b]) await listener.subscribe('s', document);
  // In a shared pool: one resource that all see, and one of each tenant.
  const made = (number: number, tenant?: string): Told => {
    const [object, value] = resourceOf(number, 1);
    return tenant === undefined ? [object, value] : [object, value, tenant];
  };
  await live.world.tell([made(90, 'a'), made(91, 'b'), made(92)]);
  await until(() => a.of('s').length === 2 && b.of('s').length === 2);
  const shown = (listener: Listener) => toldTo(listener, 's', 'resourceChanged');
  const pool = { resourcePoolId: ids.pool(1), resources: { totalCount: 6 } };
  expect(shown(a)).toEqual([90, 92].map((number) => ({ id: ids.resource(number), object: { resourcePool: pool } })));
  expect(shown(b)).toEqual([91, 92].map((number) => ({ id: ids.resource(number), object: { resourcePool: pool } })));
});

test.each([
  ['a field', 'subscription { resourceChanged @skip(if: true) { id } }'],
  ['a field, by a variable', 'subscription ($c: Boolean!) { resourceChanged @include(if: $c) { id } }'],
  ['a fragment', 'subscription ($c: Boolean = true) { ... @include(if: $c) { resourceChanged { id } } }'],
  ['what is in a fragment', `subscription ($c: Boolean!) { ...F } ${fragment('@include(if: $c)')}`],
  ['a fragment within itself', `subscription ($c: Boolean!) { ...F } ${fragment('@include(if: $c)', '...F')}`],
])('who may be told nothing at all is refused, over WebSocket as over HTTP: %s', async (_, query) => {
  const listener = await live.listen();
  await listener.subscribe('s', query, { variables: { c: true } });
  const refused = [
    { message: expect.stringContaining('@skip or @include'), extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
  ];
  expect(listener.of('s')).toMatchObject([refused]);
  const { status, body } = await live.world.ask(query, { c: true });
  expect([status, body.errors]).toMatchObject([400, refused]);
});

function fragment(condition: string, more = ''): string {
  return `fragment F on Subscription { resourceChanged ${condition} { id @skip(if: false) } ${more} }`;
}
