import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Code } from '#schema/errors.js';
import type { Operation, Verb } from '#src/operations/operation.js';
import { createClient } from '#src/facades/trpc/client.js';
import { allOperations } from '#src/operations/operations.js';
import { call, facades, graph, operationOf, type Input, type Value } from './facade-calls.js';
import { nowhere, openGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.js';

type MayCall = (operation: Operation) => boolean;
/** Of the gateway itself: for admins alone. */
const ofTheGateway: MayCall = ({ object }) => object.presenters.length === 0;
const reads: MayCall = (each) => each.kind === 'query' && !ofTheGateway(each);

/** What each client's roles permit, as an operator would say it. */
const clients: Readonly<Record<string, { readonly roles: readonly string[]; readonly may: MayCall }>> = {
  reader: { roles: ['reader'], may: reads },
  operator: { roles: ['operator'], may: (each) => !ofTheGateway(each) },
  deployer: { roles: ['deployer'], may: (each) => reads(each) && each.object.name === 'DeploymentManager' },
  auditor: { roles: ['auditor'], may: ({ object }) => object.name === 'AuditEntry' },
  admin: { roles: ['admin'], may: () => true },
  nobody: { roles: ['of-no-permission'], may: () => false },
  scaler: {
    roles: ['scaler'],
    may: ({ object, verb }) => object.name === 'ResourcePool' && ['list', 'get', 'scale'].includes(verb),
  },
  both: {
    roles: ['scaler', 'deployer'],
    may: (each) => clients['scaler']!.may(each) || clients['deployer']!.may(each),
  },
};

const value: Value = {
  name: 'x',
  description: '',
  resourcePoolId: nowhere,
  resourceTypeId: nowhere,
  oCloudSiteId: nowhere,
};
/** What no gateway wrote. */
const elsewhere: Value = { format: 1, version: '0', oCloudId: nowhere, schemas: {}, key: '' };
const pick = (...names: readonly string[]): Value => Object.fromEntries(names.map((name) => [name, value[name]]));

/** An input that changes nothing, and what becomes of it when the call is permitted. */
function harmless({ verb, object }: Operation, pool: string): { readonly input: Input; readonly code: Code | 'OK' } {
  const parent = object.parent === undefined ? {} : { parent: pool };
  const created: Partial<Record<string, Value>> = {
    ResourcePool: pick('name', 'description', 'oCloudSiteId'),
    Resource: pick('description', 'resourcePoolId', 'resourceTypeId'),
    // Nobody may be called there.
    InventorySubscription: { callback: 'https://192.0.2.1/' },
  };
  const inputs: Record<Verb, readonly [Input, Code | 'OK']> = {
    list: [parent, 'OK'],
    get: object.singleton ? [{}, 'OK'] : [{ id: nowhere, ...parent }, 'NOT_FOUND'],
    create: [{ value: created[object.name] }, 'UNPROCESSABLE'],
    update: [{ id: nowhere, patch: object.owned ? { filter: '' } : pick('description') }, 'NOT_FOUND'],
    scale: [{ id: nowhere, size: 1 }, 'NOT_FOUND'],
    delete: [{ id: nowhere }, 'NOT_FOUND'],
    pause: [{ id: nowhere }, 'NOT_FOUND'],
    resume: [{ id: nowhere }, 'NOT_FOUND'],
    test: [{ id: nowhere }, 'NOT_FOUND'],
    rotateSecret: [{ id: nowhere }, 'NOT_FOUND'],
    replay: [{ id: nowhere, allDeadLetters: true }, 'NOT_FOUND'],
    delivery: [{ id: nowhere }, 'NOT_FOUND'],
    deadLetters: [{ id: nowhere }, 'NOT_FOUND'],
    read: [{}, 'OK'],
    restore: [{ header: elsewhere, lines: [] }, 'INVALID'],
  };
  const [input, code] = inputs[verb];
  return { input, code };
}

let gateway: GatewayUnderTest;
let pool: string;

const query = (as: string, text: string) => graph(gateway, as, text);

beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 5, size: 60, pools: 8, changesPerSecond: 0 } } },
    clients: Object.fromEntries(Object.entries(clients).map(([name, { roles }]) => [name, { roles }])),
    yaml: 'roles: { scaler: ["resourcePools:read", "resourcePools:scale"] }',
  });
  const { data } = await query('admin', '{ resourcePools(first: 1) { nodes { id } } }');
  pool = (data!['resourcePools'] as { readonly nodes: readonly { readonly id: string }[] }).nodes[0]!.id;
});

afterAll(async () => {
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

describe.each(Object.entries(clients))('%s', (as, { may }) => {
  const cells = allOperations.map(
    (operation) => [may(operation) ? 'may' : 'may not', operation.name, operation] as const,
  );

  test.each(cells)('%s: %s', async (_, _name, operation) => {
    const { input, code } = harmless(operation, pool);
    for (const facade of facades) {
      const outcome = await call(gateway, facade, operation, input, { as });
      if (outcome) expect([facade.name, outcome.code]).toEqual([facade.name, may(operation) ? code : 'FORBIDDEN']);
    }
  });
});

describe('who is not known', () => {
  const credentials = [
    undefined,
    'Bearer of-nobody',
    'Bearer',
    'Bearer ',
    'Basic YWRtaW46YWRtaW4=',
    'admin',
    'Bearer admin admin',
  ];
  const list = operationOf('locations.list');
  const requests = facades.flatMap((facade) => credentials.map((each) => [facade.name, each, facade] as const));

  test.each(requests)('is refused by %s with Authorization: %s', async (_, authorization, facade) => {
    const { target, ...ask } = facade.request(list, {})!;
    const reply = await gateway.send(target, {
      ...ask,
      ...(authorization && { headers: { Authorization: authorization } }),
    });
    expect([reply.status, reply.headers['www-authenticate']]).toEqual([401, 'Bearer realm="netweave"']);
    expect(facade.read(list, reply)).toEqual({ code: 'UNAUTHENTICATED', values: [] });
  });

  test('is told so by our own client', async () => {
    const asked = createClient({ url: `${gateway.url}/trpc`, token: 'of-nobody' }).oClouds.get.query();
    await expect(asked).rejects.toMatchObject({
      message: 'A valid bearer token is needed.',
      data: { code: 'UNAUTHENTICATED', httpStatus: 401 },
    });
  });

  test('is told that no token is known where none is configured', async () => {
    const open = await openGatewayUnderTest({});
    const { status, text } = await open.send('/netweave/v1/oCloud', { as: 'of-nobody' });
    await open.close();
    expect([status, text]).toEqual([
      401,
      expect.stringContaining('as none is configured: send none, or list it under tokens'),
    ]);
  });

  test('a token is taken with any spelling of the scheme', async () => {
    const { status } = await gateway.send('/netweave/v1/oCloud', { headers: { Authorization: 'bEARER admin' } });
    expect(status).toBe(200);
  });
});

describe('a graph', () => {
  const document = `{ resourcePools(first: 1) { nodes { name site { name } resourceCount resources { nodes { description } } } } }`;

  test('ends where permissions end', async () => {
    const { data, errors } = await query('scaler', document);
    expect(data).toBeNull();
    expect(errors!.every(({ extensions }) => extensions.code === 'FORBIDDEN')).toBe(true);
    expect((await query('reader', document)).errors).toBeUndefined();
  });

  test('shows by id what may be read, and nothing else', async () => {
    const { data } = await query('admin', '{ oCloudSites(first: 1) { nodes { id } } }');
    const [site] = (data!['oCloudSites'] as { readonly nodes: readonly { readonly id: string }[] }).nodes;
    const nodes = `{ node(id: "${site!.id}") { id } nodes(ids: ["${site!.id}", "${pool}", "${nowhere}"]) { id } }`;
    expect((await query('scaler', nodes)).data).toEqual({ node: null, nodes: [null, { id: pool }, null] });
    expect((await query('nobody', nodes)).data).toEqual({ node: null, nodes: [null, null, null] });
    expect((await query('reader', nodes)).data).toEqual({ node: site, nodes: [site, { id: pool }, null] });
  });
});

describe('credentials of deployment managers', () => {
  const list = operationOf('deploymentManagers.list');
  const get = operationOf('deploymentManagers.get');
  const path = '/o2ims-infrastructureInventory';
  // Those who see come first: what is remembered for them must not be shown to the others.
  const seen = [
    ['admin', true],
    ['deployer', true],
    ['both', true],
    ['reader', false],
    ['operator', false],
  ] as const;
  const secret = /profileData|admin_client|admin_user|cluster_ca_cert|secret:/;

  test.each(seen)('%s sees them: %s, in lists and objects of every facade', async (as, visible) => {
    for (const facade of facades) {
      const { values } = (await call(gateway, facade, list, {}, { as }))!;
      expect(values.length).toBeGreaterThan(1);
      const id = values[0]!['deploymentManagerId'];
      const one = (await call(gateway, facade, get, { id }, { as }))!.values[0]!;
      for (const manager of [...values, one]) {
        const { profileName, profileData, resourcePoolId } = manager['extensions'] as Record<string, unknown>;
        expect([profileName, typeof resourcePoolId]).toEqual(['native_k8sapi', 'string']);
        expect(profileData !== undefined).toBe(visible);
      }
    }
  });

  const selectors = [
    'all_fields',
    'exclude_default',
    'fields=extensions',
    'fields=extensions/profileData',
    'fields=extensions/profileData/admin_user',
    'exclude_fields=extensions/profileName',
  ];
  const urls = ['v1', 'v2'].flatMap((major) =>
    selectors.map((selector) => `${path}/${major}/deploymentManagers?${selector}`),
  );

  test.each(urls)('no selector shows them: %s', async (url) => {
    const { status } = await gateway.send(url, { as: 'deployer' });
    const reply = await gateway.send(url, { as: 'reader' });
    expect([status, reply.status]).toEqual([200, 200]);
    expect(reply.text).not.toMatch(secret);
  });

  const filters = [
    '(eq,extensions/profileData/admin_user,o2-admin)',
    '(neq,extensions/profileData/admin_user,x)',
    '(cont,extensions/profileData/cluster_ca_cert,secret)',
    '(eq,extensions/profileData/@key,admin_user)',
    '(eq,name,x);(gt,extensions/profileData/admin_client_key,a)',
  ];

  test.each(filters)('no filter asks about them: %s', async (filter) => {
    for (const facade of facades) {
      const { code, values } = (await call(gateway, facade, list, { filter }, { as: 'reader' }))!;
      expect([facade.name, code, values]).toEqual([facade.name, 'INVALID', []]);
      expect((await call(gateway, facade, list, { filter }, { as: 'deployer' }))!.code).toBe('OK');
    }
  });

  test('no typed filter of the graph asks about them, at any depth', async () => {
    const condition = '{ extensions: [{ path: "profileData/admin_user", eq: "o2-admin" }] }';
    for (const where of [condition, `{ or: [{ and: [${condition}] }] }`]) {
      const text = `{ deploymentManagers(where: ${where}) { totalCount } }`;
      expect((await query('reader', text)).errors?.[0]!.extensions.code).toBe('BAD_USER_INPUT');
      expect((await query('deployer', text)).data).toMatchObject({ deploymentManagers: { totalCount: 4 } });
    }
  });

  test('no order tells them', async () => {
    const orderBy = { attribute: 'extensions/profileData/admin_client_key', descending: false };
    for (const facade of facades.filter(({ name }) => name === 'own' || name === 'trpc')) {
      expect((await call(gateway, facade, list, { orderBy }, { as: 'reader' }))!.code).toBe('INVALID');
      expect((await call(gateway, facade, list, { orderBy }, { as: 'deployer' }))!.code).toBe('OK');
    }
  });

  test('an ETag is good only for those who see the same', async () => {
    const url = `${path}/v2/deploymentManagers?all_fields`;
    const ask = async (as: string, etag = '') => gateway.send(url, { as, headers: { 'If-None-Match': etag } });
    const mine = String((await ask('deployer')).headers['etag']);
    expect((await ask('deployer', mine)).status).toBe(304);
    expect((await ask('admin', mine)).status).toBe(200);
    expect((await ask('reader', mine)).status).toBe(200);
  });
});
