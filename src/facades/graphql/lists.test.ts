import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RowsAnswer } from '../../operations/operation.js';
import { allOperations } from '../../operations/operations.js';
import { ids, inventory, pools, resourcesPerPool } from './testing/inventory.js';
import { openWorld, type World } from './testing/world.js';

/** How often a list was counted. */
let counts = 0;
const counting = allOperations.map((operation) =>
  operation.verb === 'list'
    ? {
        ...operation,
        async run(...asked: Parameters<typeof operation.run>) {
          const answer = (await operation.run(...asked)) as RowsAnswer;
          const total = () => {
            counts += 1;
            return answer.total();
          };
          return { ...answer, total };
        },
      }
    : operation,
);

let world: World;
beforeAll(async () => {
  world = await openWorld(inventory, { operations: counting });
});
afterAll(() => world.close());

interface Connection {
  readonly nodes: readonly { readonly name: string }[];
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly name: string } }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

const page = `query ($first: Int, $after: String, $where: ResourcePoolWhere, $orderBy: ResourcePoolOrder) {
  resourcePools(first: $first, after: $after, where: $where, orderBy: $orderBy) {
    edges { cursor node { name } } nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

async function poolsOf(variables: object, caller?: string): Promise<Connection> {
  const { body } = await world.ask(page, variables as Record<string, unknown>, caller);
  expect(body.errors).toBeUndefined();
  return body.data!['resourcePools'] as Connection;
}

async function names(where: object, caller?: string): Promise<readonly string[]> {
  return (await poolsOf({ where }, caller)).nodes.map((node) => node.name);
}

const all = ['pool-1', 'pool-2', 'pool-3', 'pool-4', 'pool-5'];

describe('paging', () => {
  test.each([undefined, { by: 'name', direction: 'DESC' }, { by: 'oCloudSiteId' }])(
    'to the end, without a gap, ordered by %j',
    async (orderBy) => {
      const whole = (await poolsOf({ orderBy })).nodes;
      const walked: { readonly name: string }[] = [];
      let after: string | null = null;
      for (let rounds = 0; rounds < 10; rounds += 1) {
        const { nodes, pageInfo }: Connection = await poolsOf({ first: 2, after, orderBy });
        walked.push(...nodes);
        expect(pageInfo.hasPreviousPage).toBe(after !== null);
        after = pageInfo.endCursor;
        if (!pageInfo.hasNextPage) break;
      }
      expect(walked).toEqual(whole);
      expect(walked).toHaveLength(pools);
    },
  );

  test.each([undefined, { by: 'location', direction: 'DESC' }])(
    'goes on behind any edge, ordered by %j',
    async (orderBy) => {
      const { edges, pageInfo } = await poolsOf({ orderBy });
      expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([edges[0]!.cursor, edges.at(-1)!.cursor]);
      for (const [index, { cursor }] of edges.entries()) {
        const rest = await poolsOf({ after: cursor, orderBy });
        expect(rest.edges).toEqual(edges.slice(index + 1));
      }
    },
  );

  test('a cursor belongs to its query', async () => {
    const { pageInfo } = await poolsOf({ first: 1 });
    const { body } = await world.ask(page, { after: pageInfo.endCursor, where: { name: { eq: 'pool-1' } } });
    expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', at: 'after' } }]);
  });

  test.each([0, -1, 1001])('first: %i is refused', async (first) => {
    const { body } = await world.ask('query ($first: Int) { locations(first: $first) { position } }', { first });
    expect(body.errors).toMatchObject([{ path: ['locations'], extensions: { code: 'BAD_USER_INPUT', at: 'first' } }]);
  });

  test('an empty page has no cursors', async () => {
    expect((await poolsOf({ where: { name: { eq: 'none' } } })).pageInfo).toEqual({
      hasNextPage: false,
      hasPreviousPage: false,
      startCursor: null,
      endCursor: null,
    });
  });

  test('null stands for an argument that is not given', async () => {
    expect((await poolsOf({ first: null, after: null, where: null, orderBy: null })).nodes).toHaveLength(pools);
  });
});

describe('where', () => {
  test.each<[object, readonly string[]]>([
    [{}, all],
    [{ name: { eq: 'pool-2' } }, ['pool-2']],
    [{ name: { neq: 'pool-2' } }, ['pool-1', 'pool-3', 'pool-4', 'pool-5']],
    [{ name: { in: ['pool-2', 'pool-4'] } }, ['pool-2', 'pool-4']],
    [{ name: { in: [] } }, []],
    [{ name: { nin: ['pool-2', 'pool-4'] } }, ['pool-1', 'pool-3', 'pool-5']],
    [{ name: { nin: [] } }, all],
    [{ name: { gt: 'pool-2', lte: 'pool-4' } }, ['pool-3', 'pool-4']],
    [{ name: { gte: 'pool-4' } }, ['pool-4', 'pool-5']],
    [{ name: { lt: 'pool-2' } }, ['pool-1']],
    [{ location: { contains: 'all' }, name: { contains: '5' } }, ['pool-5']],
    [{ name: { notContains: 'pool' } }, []],
    [{ oCloudSiteId: { eq: ids.site(2).toUpperCase() } }, ['pool-2', 'pool-4']],
    [{ extensions: [{ path: 'rack', eq: 'r1' }] }, ['pool-2', 'pool-5']],
    [
      {
        extensions: [
          { path: 'rack', eq: 'r1' },
          { path: 'height', gt: '2' },
        ],
      },
      ['pool-5'],
    ],
    [{ extensions: [{ path: '@key', eq: 'rack' }] }, all],
    [{ or: [{ name: { eq: 'pool-1' } }, { extensions: [{ path: 'height', eq: '3' }] }] }, ['pool-1', 'pool-4']],
    [{ or: [] }, []],
    [{ and: [{ name: { gt: 'pool-1' } }, { or: [{ name: { lt: 'pool-3' } }] }] }, ['pool-2']],
  ])('%j', async (where, expected) => {
    expect(await names(where)).toEqual(expected);
  });

  test('nested objects, enums, numbers, lists and what is derived', async () => {
    const { body } = await world.ask(
      `query ($pool: ID!) {
      near: locations(where: { coordinate: { coordinates: { gt: 50 } }, civicAddress: { caType: { eq: 3 } } }) { totalCount }
      far: locations(where: { coordinate: { coordinates: { gt: 60.5 } } }) { totalCount }
      compute: resourceTypes(where: { resourceClass: { eq: COMPUTE } }) { nodes { name } }
      others: resourceTypes(where: { resourceClass: { nin: [COMPUTE] } }) { nodes { name } }
      tagged: resources(where: { tags: { contains: "gp" } }) { totalCount }
      disks: resources(where: { elements: { description: { contains: "disk" } } }) { nodes { id } }
      site: oCloudSites(where: { resourcePools: { eq: $pool } }) { nodes { name } }
    }`,
      { pool: ids.pool(2) },
    );
    expect(body).toEqual({
      data: {
        near: { totalCount: 1 },
        far: { totalCount: 0 },
        compute: { nodes: [{ name: 'type-1' }] },
        others: { nodes: [{ name: 'type-2' }] },
        tagged: { totalCount: 10 },
        disks: { nodes: [{ id: ids.resource(1) }] },
        site: { nodes: [{ name: 'site-2' }] },
      },
    });
  });

  test('holds together with a filter of SOL 013', async () => {
    const document =
      'query ($where: ResourcePoolWhere) { resourcePools(filter: "(gt,name,pool-2)", where: $where) { nodes { name } } }';
    const alone = await world.ask(document);
    expect(alone.body.data).toEqual({
      resourcePools: { nodes: [{ name: 'pool-3' }, { name: 'pool-4' }, { name: 'pool-5' }] },
    });
    const both = await world.ask(document, { where: { name: { lt: 'pool-4' } } });
    expect(both.body.data).toEqual({ resourcePools: { nodes: [{ name: 'pool-3' }] } });
  });

  test.each([
    [{ name: { eq: null } }, 'where.name.eq'],
    [{ name: null }, 'where.name'],
    [{ or: null }, 'where.or'],
    [{ extensions: [{ path: 'a//b', eq: 'x' }] }, 'where.extensions.0.path'],
    [{ or: Array.from({ length: 90 }, (_, index) => ({ name: { gt: `${index}`, lt: `${index}` } })) }, 'where'],
  ])('refuses %j', async (where, at) => {
    const { body } = await world.ask(page, { where });
    expect(body.errors).toMatchObject([{ path: ['resourcePools'], extensions: { code: 'BAD_USER_INPUT', at } }]);
  });

  test.each([
    ['query { resourcePools(filter: "(eq,nam,x)") { position } }', 4],
    [`query { resourcePools(filter: "(eq,name,x", where: { name: { eq: "x" } }) { position } }`, 10],
  ])('a filter says where it is wrong: %s', async (document, position) => {
    const { body } = await world.ask(document);
    expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', at: 'filter', position } }]);
  });

  test('a filter beside a where is no longer than alone', async () => {
    const filter = `(in,name,${'x'.repeat(9000)})`;
    const document =
      'query ($filter: String, $where: ResourcePoolWhere) { resourcePools(filter: $filter, where: $where) { position } }';
    for (const where of [undefined, { name: { eq: 'x' } }]) {
      const { body } = await world.ask(document, { filter, where });
      expect(body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', at: 'filter' } }]);
    }
  });
});

describe('what a scope sees', () => {
  test("another tenant's objects are in no list, count or relation", async () => {
    expect(await names({}, 'tenant-a')).toEqual(['pool-1', 'pool-2', 'pool-3', 'pool-4']);
    const { body } = await world.ask(
      `query ($site: ID!, $theirs: ID!) {
        resourcePools { totalCount } resources { totalCount }
        oCloudSite(id: $site) { poolCount resourcePools pools { nodes { name } } }
        resourcePool(id: $theirs) { name }
        node(id: $theirs) { id }
      }`,
      { site: ids.site(1), theirs: ids.pool(5) },
      'tenant-a',
    );
    expect(body.data).toEqual({
      resourcePools: { totalCount: 4 },
      resources: { totalCount: 4 * resourcesPerPool },
      oCloudSite: {
        poolCount: 2,
        resourcePools: [ids.pool(1), ids.pool(3)],
        pools: { nodes: [{ name: 'pool-1' }, { name: 'pool-3' }] },
      },
      resourcePool: null,
      node: null,
    });
    expect(body.errors).toMatchObject([
      { path: ['resourcePool'], message: `There is no ResourcePool '${ids.pool(5)}'.` },
    ]);
  });

  const extensions = '{ deploymentManagers { nodes { extensions } } }';

  test('a masked place is absent', async () => {
    const reader = await world.ask(extensions, {}, 'reader');
    expect(reader.body).toEqual({
      data: { deploymentManagers: { nodes: [{ extensions: { profileName: 'native_k8sapi' } }] } },
    });
    const deployer = await world.ask(extensions, {}, 'deployer');
    expect(deployer.body).toMatchObject({
      data: { deploymentManagers: { nodes: [{ extensions: { profileData: { admin_user: 'root' } } }] } },
    });
  });

  test('and cannot be found out by what a filter finds', async () => {
    const document = `{ deploymentManagers(where: { extensions: [{ path: "profileData/admin_user", eq: "root" }] }) { totalCount } }`;
    const reader = await world.ask(document, {}, 'reader');
    expect(reader.body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', at: 'where.extensions.0.eq' } }]);
    const deployer = await world.ask(document, {}, 'deployer');
    expect(deployer.body).toEqual({ data: { deploymentManagers: { totalCount: 1 } } });
  });

  test('a relation needs the permission of what it leads to', async () => {
    const { body } = await world.ask(
      '{ resourcePools { nodes { site { name } locationInfo { name } } } }',
      {},
      'pool-reader',
    );
    const { nodes } = body.data!['resourcePools'] as { nodes: object[] };
    expect(nodes).toHaveLength(pools);
    expect(nodes[0]).toEqual({ site: { name: 'site-1' }, locationInfo: null });
    expect(body.errors).toHaveLength(pools);
    expect(body.errors![0]).toMatchObject({
      path: ['resourcePools', 'nodes', 0, 'locationInfo'],
      extensions: { code: 'FORBIDDEN' },
    });
  });
});

test('a list is counted only when its count is asked for', async () => {
  counts = 0;
  await world.ask('{ resourcePools { position pageInfo { hasNextPage } nodes { resources { nodes { id } } } } }');
  expect(counts).toBe(0);
  const { body } = await world.ask('{ resourcePools { totalCount } }');
  expect([body.data, counts]).toEqual([{ resourcePools: { totalCount: pools } }, 1]);
});
