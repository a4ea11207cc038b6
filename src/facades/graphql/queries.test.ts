import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { id, ids, inventory, pools, resourcesPerPool } from './testing/inventory.js';
import { openWorld, type World } from './testing/world.js';

let world: World;
beforeAll(async () => {
  world = await openWorld(inventory);
});
afterAll(() => world.close());

describe('objects', () => {
  test('an object has an id beside its own attributes', async () => {
    const { body } = await world.ask(
      'query ($id: ID!) { resourcePool(id: $id) { __typename id resourcePoolId name location extensions } }',
      {
        id: ids.pool(2),
      },
    );
    expect(body).toEqual({
      data: {
        resourcePool: {
          __typename: 'ResourcePool',
          id: ids.pool(2),
          resourcePoolId: ids.pool(2),
          name: 'pool-2',
          location: 'Hall 1',
          extensions: { rack: 'r1', height: 1 },
        },
      },
    });
  });

  test('an absent object is an error of its field, and the rest of the answer stands', async () => {
    const { status, body } = await world.ask('query ($id: ID!) { resourcePool(id: $id) { id } oCloud { name } }', {
      id: id('x', 1),
    });
    expect(status).toBe(200);
    expect(body.data).toEqual({ resourcePool: null, oCloud: { name: 'cloud' } });
    expect(body.errors).toMatchObject([{ path: ['resourcePool'], extensions: { code: 'NOT_FOUND' } }]);
  });

  test('parts of objects, integers and lists of them', async () => {
    const { body } = await world.ask(
      '{ locations { nodes { coordinate { type coordinates } civicAddress { caType caValue } oCloudSiteIds } } }',
    );
    expect(body.data).toEqual({
      locations: {
        nodes: [
          {
            coordinate: [{ type: 'Point', coordinates: [13.4, 52.5] }],
            civicAddress: [{ caType: 3, caValue: 'Berlin' }],
            oCloudSiteIds: [ids.site(1), ids.site(2)],
          },
        ],
      },
    });
  });

  test('nested elements are resources with relations of their own', async () => {
    const { body } = await world.ask(
      'query ($id: ID!) { resource(id: $id) { elements { id description resourceType { name } elements { id } } } }',
      {
        id: ids.resource(1),
      },
    );
    expect(body.data).toEqual({
      resource: {
        elements: [{ id: ids.element(1), description: 'A disk', resourceType: { name: 'type-2' }, elements: [] }],
      },
    });
  });
});

describe('nodes', () => {
  test('any object by its id, in the order asked, null where there is none', async () => {
    const wanted = [ids.resource(1), ids.element(1), id('x', 1), ids.cloud, ids.site(2)];
    const { body } = await world.ask(
      'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on OCloudSite { name } } }',
      { ids: wanted },
    );
    expect(body).toEqual({
      data: {
        nodes: [
          { __typename: 'Resource', id: ids.resource(1) },
          { __typename: 'Resource', id: ids.element(1) },
          null,
          { __typename: 'OCloud', id: ids.cloud },
          { __typename: 'OCloudSite', id: ids.site(2), name: 'site-2' },
        ],
      },
    });
  });

  test('what may not be read is as absent as what is not there', async () => {
    const document = 'query ($id: ID!) { node(id: $id) { id } }';
    const hidden = await world.ask(document, { id: ids.resource(1) }, 'pool-reader');
    const absent = await world.ask(document, { id: id('x', 1) }, 'pool-reader');
    expect(hidden.body).toEqual({ data: { node: null } });
    expect(absent.body).toEqual(hidden.body);
  });
});

describe('relations', () => {
  test('objects that many refer to are read once', async () => {
    world.seen.reads.length = 0;
    world.seen.outcomes.length = 0;
    const { body } = await world.ask(
      '{ resources(first: 100) { nodes { resourcePool { name site { name location { name } } } resourceType { name } } } }',
    );
    const { nodes } = body.data!['resources'] as {
      nodes: { resourcePool: { name: string; site: { location: object } }; resourceType: object }[];
    };
    expect(nodes).toHaveLength(pools * resourcesPerPool);
    expect(nodes[0]).toEqual({
      resourcePool: { name: 'pool-1', site: { name: 'site-1', location: { name: 'Berlin' } } },
      resourceType: { name: 'type-1' },
    });
    const read = (object: string) => world.seen.reads.filter((each) => each.startsWith(`${object} `)).length;
    expect([read('ResourcePool'), read('ResourceType'), read('OCloudSite'), read('Location')]).toEqual([
      pools,
      2,
      2,
      1,
    ]);
    // The list itself, and each relation asked of the gate once.
    expect(world.seen.outcomes.sort()).toEqual([
      'locations.list OK',
      'oCloudSites.list OK',
      'resourcePools.list OK',
      'resourceTypes.list OK',
      'resources.list OK',
    ]);
  });

  test('lists under an object page on their own', async () => {
    const document = `query ($after: String) {
      resourcePools(first: 1) { nodes { resourceCount resources(first: 3, after: $after) { nodes { id } totalCount pageInfo { hasNextPage endCursor } } } }
    }`;
    type Page = { nodes: { id: string }[]; totalCount: number; pageInfo: { hasNextPage: boolean; endCursor: string } };
    const resourcesOf = async (after?: string) => {
      const { body } = await world.ask(document, { after });
      const [pool] = (body.data!['resourcePools'] as { nodes: { resourceCount: number; resources: Page }[] }).nodes;
      expect(pool!.resourceCount).toBe(resourcesPerPool);
      return pool!.resources;
    };
    const first = await resourcesOf();
    expect(first).toMatchObject({ totalCount: resourcesPerPool, pageInfo: { hasNextPage: true } });
    const second = await resourcesOf(first.pageInfo.endCursor);
    expect(second.pageInfo.hasNextPage).toBe(false);
    expect([...first.nodes, ...second.nodes].map((node) => node.id)).toEqual([1, 2, 3, 4].map(ids.resource));
  });

  test('a relation that is no parent goes by index; an attribute of O2 keeps its name before a relation', async () => {
    const { body } = await world.ask(
      `query ($site: ID!, $type: ID!, $pool: ID!) {
      oCloudSite(id: $site) { resourcePools poolCount pools(orderBy: { by: name, direction: DESC }) { nodes { name } } }
      resourceType(id: $type) { resourceCount resources(first: 2, where: { tags: { eq: "gpu" } }) { nodes { id } } }
      resourcePool(id: $pool) { location locationInfo { name } }
    }`,
      { site: ids.site(2), type: ids.type(1), pool: ids.pool(1) },
    );
    expect(body).toEqual({
      data: {
        oCloudSite: {
          resourcePools: [ids.pool(2), ids.pool(4)],
          poolCount: 2,
          pools: { nodes: [{ name: 'pool-4' }, { name: 'pool-2' }] },
        },
        resourceType: { resourceCount: 10, resources: { nodes: [{ id: ids.resource(1) }, { id: ids.resource(3) }] } },
        resourcePool: { location: 'Hall 1', locationInfo: { name: 'Berlin' } },
      },
    });
  });
});
