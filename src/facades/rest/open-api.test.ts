import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { openWorld, type World } from '#test/facades/world.js';
import { allOperations } from '../../operations/operations.js';
import { ownFacade } from '../own/facade.js';
import { ownBase, ownRoutes } from '../own/routes.js';
import { openApiDocuments } from './open-api.js';
import { cleaned } from './open-api-cleaned.js';
import { routesOf } from './routes.js';
import { serveRest } from './serve.js';

/** A part of a document; members that are no objects are compared, never walked through. */
interface Tree {
  readonly [key: string]: Tree | undefined;
}

const publicUrl = 'https://o2.example';
const routes = routesOf(allOperations, () => true);
const documents = openApiDocuments(routes, publicUrl) as unknown as Readonly<Record<string, Tree>>;
const each = Object.entries(documents);

const entriesOf = (node: Tree) => Object.entries(node) as [string, Tree][];
const referenceIn = (node: Tree) => node['$ref'] as unknown as string | undefined;

/** Every object of a document, with the members that lead to it. */
function* nodes(node: unknown, path: readonly string[] = []): Generator<readonly [Tree, readonly string[]]> {
  if (typeof node !== 'object' || node === null) return;
  yield [node as Tree, path];
  for (const [key, value] of Object.entries(node)) yield* nodes(value, [...path, key]);
}

function at(document: Tree, pointer: string): Tree | undefined {
  const steps = pointer.replace(/^#\//, '').split('/');
  return steps.reduce<Tree | undefined>((node, step) => node?.[step], document);
}

function operations(document: Tree): readonly (readonly [string, string, Tree])[] {
  return entriesOf(document['paths']!).flatMap(([path, item]) =>
    entriesOf(item).map(([method, operation]) => [path, method, operation] as const),
  );
}

/** Parses what the document says of an answer. */
function schemaAt(document: Tree, path: string, method: string, status: number): z.ZodType {
  const operation = document['paths']![path]![method]!;
  const response = operation['responses']![status]!;
  const reference = referenceIn(response);
  const [content] = Object.values(
    (reference === undefined ? response : at(document, reference)!)['content']!,
  ) as Tree[];
  const text = JSON.stringify({ ...(content!['schema'] as object), $defs: document['components']!['schemas'] });
  return z.fromJSONSchema(
    JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as Parameters<typeof z.fromJSONSchema>[0],
  );
}

describe.each(each)('%s', (file, document) => {
  test('refers to nothing that is not there', () => {
    const references = [...nodes(document)].flatMap(([node]) => referenceIn(node) ?? []);

    expect(references.length).toBeGreaterThan(20);
    expect(references.filter((reference) => at(document, reference) === undefined)).toEqual([]);
  });

  test('defines nothing that nobody refers to', () => {
    const text = JSON.stringify(document);
    const defined = entriesOf(document['components']!).flatMap(([part, members]) =>
      Object.keys(members).map((name) => `#/components/${part}/${name}`),
    );

    expect(
      defined.filter((name) => !name.includes('/securitySchemes/') && !text.includes(JSON.stringify(name))),
    ).toEqual([]);
  });

  test('gives every operation an id of its own, a success, and problems for the rest', () => {
    const all = operations(document);
    const ids = all.map(([, , operation]) => operation['operationId']);
    const statuses = all.map(([, , { responses }]) => Object.keys(responses!).map(Number));

    expect(new Set(ids).size).toBe(all.length);
    for (const listed of statuses)
      expect([listed.filter((status) => status < 300).length, listed.includes(401)]).toEqual([1, true]);
    for (const [, , { responses }] of all) {
      for (const [status, response] of entriesOf(responses!))
        if (Number(status) >= 400) expect(referenceIn(response)).toBe(`#/components/responses/${status}`);
    }
  });

  test('declares the parameters of each path', () => {
    for (const [path, , operation] of operations(document)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = entriesOf(operation['parameters'] ?? {})
        .map(([, parameter]) => parameter)
        .filter((parameter) => (parameter['in'] as unknown) === 'path');

      expect(declared.map((parameter) => parameter['name'])).toEqual(named);
    }
  });

  test('says nothing of our own annotations, and demands nothing of answers that may grow', () => {
    const keywords = [...nodes(document)].flatMap(([node, path]) =>
      path.at(-1) === 'properties' ? [] : Object.keys(node).map((key) => `${path.at(-2)}/${key}`),
    );
    const closed = [...nodes(document)].filter(
      ([node, path]) => (node['additionalProperties'] as unknown) === false && !path.includes('requestBody'),
    );

    expect(keywords.filter((key) => /^properties\/(index|reference|permission|derived|mandatory)$/.test(key))).toEqual(
      [],
    );
    expect(closed).toEqual([]);
    expect(JSON.stringify(document)).not.toContain('__schema');
  });

  test('is the same text every time', () => {
    expect(JSON.stringify(openApiDocuments(routes, publicUrl)[file])).toBe(JSON.stringify(document));
  });
});

describe('all of them', () => {
  test('are one per API and major version, and ours', () => {
    expect(Object.keys(documents).sort()).toEqual([
      'netweave-v1.json',
      'o2ims-infrastructureInventory-v1.json',
      'o2ims-infrastructureInventory-v2.json',
      'o2ims-v1.json',
    ]);
  });

  test('hold every route that is served, and api_versions', () => {
    const documented = each.flatMap(([, document]) =>
      operations(document).map(([path, method]) => `${method} ${path}`),
    );
    const served = [
      ...routes.map((route) => `get /${route.api.name}/${route.major}${route.template}`),
      ...['v1', 'v2'].flatMap((major) => {
        const at = `/o2ims-infrastructureInventory/${major}/subscriptions`;
        return [`post ${at}`, `delete ${at}/{subscriptionId}`];
      }),
      ...ownRoutes(allOperations).map((route) => `${route.method.toLowerCase()} ${ownBase}${route.path}`),
      ...['v1', 'v2', ''].map((major) => `get /o2ims-infrastructureInventory/${major}/api_versions`.replace('//', '/')),
    ];

    expect([...new Set(documented)].sort()).toEqual([...new Set(served)].sort());
  });

  test('spell each API as its presenters do', () => {
    const v2 = documents['o2ims-infrastructureInventory-v2.json']!['components']!['schemas']!;
    const v1 = documents['o2ims-infrastructureInventory-v1.json']!['components']!['schemas']!;
    const pool = v2['ResourcePoolInfo']!;

    expect(Object.keys(pool['properties']!)).toContain('oCloudSiteId');
    expect(Object.keys(v1['ResourcePoolInfo']!['properties']!)).not.toContain('oCloudSiteId');
    expect(Object.keys(v1['CloudInfo']!['properties']!)).toEqual(
      expect.arrayContaining(['globalCloudId', 'globalcloudId']),
    );
    expect(pool['required']).toEqual([
      'resourcePoolId',
      'name',
      'description',
      'oCloudId',
      'globalLocationId',
      'oCloudSiteId',
    ]);
    expect(v2['ResourceInfo']!['properties']!['elements']!['items']).toEqual({
      $ref: '#/components/schemas/ResourceInfo',
    });
  });

  test('say how to subscribe, in the names of O2, and what each major answers', () => {
    const [v1, v2] = ['v1', 'v2'].map((major) => {
      const paths = documents[`o2ims-infrastructureInventory-${major}.json`]!['paths']!;
      const at = `/o2ims-infrastructureInventory/${major}/subscriptions`;
      return { post: paths[at]!['post']!, delete: paths[`${at}/{subscriptionId}`]!['delete']! };
    }) as [Record<'post' | 'delete', Tree>, Record<'post' | 'delete', Tree>];
    const body = v2.post['requestBody']!['content']!['application/json']!['schema']!;
    expect(body['required']).toEqual(['callback']);
    expect(Object.keys(body['properties']!)).toEqual(
      expect.arrayContaining(['callback', 'consumerSubscriptionId', 'filter', 'ordering']),
    );
    expect(Object.keys(body['properties']!)).not.toContain('apiMajor');
    expect(Object.keys(v2.post['responses']!)).toEqual(expect.arrayContaining(['201', '409', '415', '422']));
    expect(Object.keys(v1.post['responses']!)).not.toContain('409');
    expect([Object.keys(v1.delete['responses']!)[0], Object.keys(v2.delete['responses']!)[0]]).toEqual(['200', '204']);
  });

  test('refuse a schema that contains itself without a name', () => {
    const components = { schemas: { __schema0: { type: 'array', items: { $ref: '#/components/schemas/__schema0' } } } };

    expect(() => cleaned({ components })).toThrow('needs .meta({ id })');
  });
});

describe('what is answered', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld((parts) => {
      const rest = serveRest({
        gate: parts.gate,
        view: parts.view,
        routes,
        bodyBytes: 1 << 20,
        publicUrl,
        relativeVersions: false,
        strict: false,
        pageSize: 100,
        pageBytes: 4_194_304,
        cacheBytes: 1 << 20,
        unforeseen: parts.unforeseen,
      });
      return {
        [ownBase]: ownFacade({ ...parts, publicUrl }),
        '/': (request, response, next) => void (rest(request, response, parts.callerOf(request)) || next()),
      };
    });
  });
  afterAll(() => world.close());

  const ids = () => ({
    resourcePoolId: world.idOf('ResourcePool', 'alpha'),
    resourceId: world.idOf('Resource', 'alpha'),
    deploymentManagerId: world.idOf('DeploymentManager', 'edge'),
  });

  const ofPools = ['/resourcePools', '/resourcePools/{resourcePoolId}'];
  const ofInventory = [
    ...ofPools,
    '/resourcePools/{resourcePoolId}/resources',
    '/resourcePools/{resourcePoolId}/resources/{resourceId}',
    '/deploymentManagers/{deploymentManagerId}',
    '/api_versions',
  ];

  test.each([
    ['o2ims-infrastructureInventory-v2.json', '/o2ims-infrastructureInventory/v2', ofInventory],
    ['o2ims-infrastructureInventory-v1.json', '/o2ims-infrastructureInventory/v1', ofInventory],
    ['o2ims-v1.json', '/o2ims/v1', ofPools],
  ])('conforms to %s', async (file, base, paths) => {
    for (const path of paths) {
      const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => (ids() as Record<string, string>)[name]!);
      for (const query of path === '/api_versions' ? [''] : ['', '?all_fields']) {
        const reply = await world.ask(`${base}${filled}${query}`);
        const parsed = schemaAt(documents[file]!, `${base}${path}`, 'get', 200).safeParse(JSON.parse(reply.text));

        expect([path, reply.status, parsed.error?.issues]).toEqual([path, 200, undefined]);
      }
    }
  });

  test('of the o2ims dialect is no bare list, and its document says so', async () => {
    const schema = schemaAt(documents['o2ims-v1.json']!, '/o2ims/v1/resourcePools', 'get', 200);
    const { items } = JSON.parse((await world.ask('/o2ims/v1/resourcePools')).text) as { items: readonly object[] };

    expect(items.length).toBeGreaterThan(0);
    for (const body of [items, {}, { items: {} }, { items: [{ name: 'x' }] }])
      expect(schema.safeParse(body).success).toBe(false);
  });

  test('conforms to netweave-v1.json', async () => {
    const document = documents['netweave-v1.json']!;
    const answered = async (path: string, method: string, status: number, body?: unknown, id = '') => {
      const reply = await world.ask(path.replace('{id}', id), {
        method: method.toUpperCase(),
        ...(body === undefined ? {} : { body }),
      });
      expect([path, reply.status]).toEqual([path, status]);
      expect(schemaAt(document, path, method, status).safeParse(JSON.parse(reply.text)).error?.issues).toBeUndefined();
      return JSON.parse(reply.text) as { id: string };
    };
    const { id } = await answered(`${ownBase}/resourcePools`, 'post', 201, { name: 'new', description: '' });
    await answered(`${ownBase}/resourcePools`, 'get', 200);
    await answered(`${ownBase}/resources`, 'get', 200);
    await answered(`${ownBase}/deploymentManagers/{id}`, 'get', 200, undefined, ids().deploymentManagerId);
    await answered(`${ownBase}/resourcePools/{id}`, 'patch', 200, { description: 'x' }, id);
    await answered(`${ownBase}/resourcePools/{id}/scale`, 'post', 400, { size: -1 }, id);
    await answered(`${ownBase}/resourcePools/{id}`, 'get', 404, undefined, 'nobody');

    expect(
      schemaAt(document, `${ownBase}/resourcePools`, 'get', 200).safeParse({ items: [{ name: 'x' }], position: '1.a' })
        .success,
    ).toBe(false);
  });
});
