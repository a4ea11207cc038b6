import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { call, facades, operationOf, type Input } from './facade-calls.js';
import { openGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.js';

const trpc = facades.find(({ name }) => name === 'trpc')!;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    clients: {
      system: { roles: ['admin'] },
      blue: { roles: ['admin'], tenant: 'blue' },
      red: { roles: ['admin'], tenant: 'red' },
    },
    yaml: 'callbacks: { test: "off" }',
  });
  for (const as of ['system', 'blue', 'red', 'blue']) {
    const value = { callback: `http://127.0.0.1:9/of/${as}` };
    await call(gateway, trpc, operationOf('inventorySubscriptions.create'), { value }, { as });
  }
});
afterAll(async () => {
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

test.each(facades.map((facade) => [facade.name, facade] as const))(
    'is found by no filter through %s',
    async (_, facade) => {
      const list = lists.find((each) => each.object === object)!;
      const parent = object.parent === undefined || facade.name !== 'rest' ? {} : { parent: own(name)[object.parent] };
      const conditions = [
        ['eq', object.key, foreignId(name)],
        ['in', object.key, foreignId(name)],
        ...Object.entries(foreign(name)).flatMap(([attribute, value]) =>
          typeof value === 'string' ? [['eq', attribute, value]] : [],
        ),
      ];
      for (const [operator, attribute, value] of conditions as unknown as readonly (readonly [
        string,
        string,
        string,
      ])[]) {
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

test.each(facades.map((facade) => [facade.name, facade] as const))(
  'backups, which are of all tenants, are for none, whatever its roles: %s',
  async (_, facade) => {
    const header = { format: 1, version: '0', oCloudId: 'o', schemas: {}, key: '' };
    const taken = await call(gateway, facade, operationOf('backup.read'), {}, { as: 'blue' });
    const given = await call(gateway, facade, operationOf('backup.restore'), { header, lines: [] }, { as: 'blue' });
    for (const outcome of [taken, given]) if (outcome) expect(outcome.code).toBe('FORBIDDEN');
  },
);

test.each(facades.map((facade) => [facade.name, facade] as const))(
  'the audit tells a tenant what was asked with its roles, and those without one everything: %s',
  async (_, facade) => {
    type Entries = readonly { readonly tenant?: string; readonly principal: string }[];
    const read = async (as: string) => {
      const entries: Entries[number][] = [];
      let next: string | undefined;
      do {
        const page = await call(
          gateway,
          facade,
          operationOf('audit.read'),
          { first: 7, ...(next && { after: next }) },
          { as },
        );
        if (!page) return undefined;
        const [value] = page.values as readonly { readonly items: Entries; readonly next?: string }[];
        entries.push(...value!.items);
        next = value!.next;
      } while (next !== undefined);
      return entries;
    };
    const [all, blue, red] = [await read('system'), await read('blue'), await read('red')];
    if (!all || !blue || !red) return;
    expect([new Set(blue.map(({ tenant }) => tenant)), new Set(red.map(({ tenant }) => tenant))]).toEqual([
      new Set(['blue']),
      new Set(['red']),
    ]);
    expect(blue).toEqual(all.filter(({ tenant }) => tenant === 'blue'));
    expect(new Set(all.map(({ principal }) => principal))).toEqual(new Set(['system', 'blue', 'red']));
  },
);

test("a page of one tenant's audit leads nobody else on", async () => {
  const read = async (as: string, input: Input) =>
    (await call(gateway, trpc, operationOf('audit.read'), input, { as }))!;
  const [page] = (await read('blue', { first: 1 })).values as readonly { readonly next: string }[];
  expect((await read('red', { after: page!.next })).code).toBe('INVALID');
});
