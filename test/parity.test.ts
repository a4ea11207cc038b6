import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fakeNode } from '#adapters/kubernetes/testing/fake-cluster.js';
import { kubeconfigOf, startFakeApiServer, type FakeApiServer } from '#adapters/kubernetes/testing/fake-api-server.js';
import type { Operation } from '#src/operations/operation.js';
import { allOperations } from '#src/operations/operations.js';
import type { AuditEntry } from '#platform/store/store.js';
import {
  call,
  facades,
  fieldName,
  operationOf,
  type Facade,
  type Input,
  type Outcome,
  type Value,
} from './facade-calls.js';
import { byId, others, pool, reads, resource, subscribed, writes, type Case, type Known } from './parity-cases.js';
import { nowhere, openGatewayUnderTest, type GatewayUnderTest } from './gateway-under-test.js';

const folder = mkdtempSync(join(tmpdir(), 'netweave-parity-'));
let gateway: GatewayUnderTest;
let cluster: FakeApiServer;
let known: Known;
/** What must stand in the audit log, by request id. */
const expected = new Map<string, readonly (readonly string[])[]>();

/** Who reads a backup holds the sealed secrets of all tenants. */
function isAudited({ kind, name }: Operation): boolean {
  return kind === 'mutation' || name === 'backup.read';
}

/** Calls as a client, under a request id of its own, and notes what the audit log owes for it. */
async function ask(
  facade: Facade,
  operation: Operation,
  input: Input,
  { as = 'admin', atTheDoor }: Partial<Case> = {},
): Promise<Outcome | undefined> {
  const requestId = `parity-${expected.size}`;
  const outcome = await call(gateway, facade, operation, input, { as, headers: { 'X-Request-Id': requestId } });
  if (!outcome) return undefined;
  const intent = ['intent', operation.name, as];
  const end = ['outcome', operation.name, as, outcome.code];
  expected.set(requestId, !isAudited(operation) ? [] : atTheDoor ? [end] : [intent, end]);
  return outcome;
}

/** The answer page after page, as far as there are pages. */
async function crawl(
  facade: Facade,
  operation: Operation,
  input: Input,
  of: Partial<Case>,
): Promise<Pick<Outcome, 'code' | 'values'> | undefined> {
  const values: Value[] = [];
  let after: string | undefined;
  do {
    const page = await ask(facade, operation, after === undefined ? input : { ...input, after }, of);
    if (!page || page.code !== 'OK') return page && { code: page.code, values };
    values.push(...page.values);
    after = page.next;
  } while (after !== undefined);
  return { code: 'OK', values };
}

async function valuesOf(name: string, input: Input = {}): Promise<readonly Value[]> {
  return (await crawl(facadeOf('trpc'), operationOf(name), input, {}))!.values;
}

beforeAll(async () => {
  cluster = await startFakeApiServer();
  for (const name of ['node-1', 'node-2']) cluster.put('/api/v1/nodes', fakeNode(name));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigOf(cluster.url));
  gateway = await openGatewayUnderTest({
    folder,
    simulators: { sim: { embedded: { seed: 3, size: 120, pools: 12, changesPerSecond: 0 } } },
    backends: [{ key: 'k8s', type: 'kubernetes', options: { kubeconfig } }],
    clients: {
      admin: { roles: ['admin'] },
      reader: { roles: ['reader'] },
      outsider: { roles: ['of-no-permission'] },
      'tenant-a': { roles: ['operator'], tenant: 'tenant-a' },
    },
    yaml: 'limits: { pageSize: 25 }\ncallbacks: { test: "off" }',
  });
  for (const as of ['admin', 'tenant-a']) {
    const made = await ask(
      facadeOf('own'),
      operationOf('inventorySubscriptions.create'),
      { value: { callback: as === 'admin' ? subscribed : `${subscribed}/${as}` } },
      { as },
    );
    expect(made?.code).toBe('OK');
  }
  const resources = await valuesOf('resources.list');
  const pools = await valuesOf('resourcePools.list');
  const node = resources.find(
    (each) => String(each['description']).includes('node-1') || each['globalAssetId'] === 'asset-node-1',
  )!;
  const core = pools.find((each) => String(each['name']).endsWith('core-1'))!;
  const server = resources.find((each) => each['resourcePoolId'] === core['resourcePoolId'])!;
  const firsts = new Map<string, Input>();
  for (const { object, verb, name } of allOperations) {
    if (verb !== 'list') continue;
    const [first] = await valuesOf(name, object.owned ? { filter: `(eq,callback,${subscribed})` } : {});
    if (!first)
      throw new Error(`No ${object.name} in this gateway: its simulator or its configuration must supply one.`);
    firsts.set(object.name, { id: first![object.key], ...(object.parent && { parent: first![object.parent] }) });
  }
  known = {
    pool: String(core['resourcePoolId']),
    name: String(core['name']),
    type: String(server['resourceTypeId']),
    resource: String(server['resourceId']),
    element: String((server['elements'] as Value[])[0]!['resourceId']),
    node: String(node['resourceId']),
    nodePool: String(node['resourcePoolId']),
    nodeType: String(node['resourceTypeId']),
    first: ({ object }) => firsts.get(object.name)!,
  };
});

afterAll(async () => {
  await cluster.close();
  rmSync(folder, { recursive: true });
});

const named = (operations: readonly Operation[]) => operations.map((each) => [each.name, each] as const);
const mutations = allOperations.filter(({ kind }) => kind === 'mutation');

const facadeOf = (name: Facade['name']) => facades.find((each) => each.name === name)!;

/** O2 shows less of what we own than the others: those are compared by what it shows. */
function comparable(_facade: string, { object, output }: Operation, values: readonly Value[]): readonly Value[] {
  if (!object.owned) return values;
  if (output) return values.map(({ lagEvents: _events, lagSeconds: _seconds, position: _position, ...rest }) => rest);
  const shown = Object.keys(object.presenters[0]!.attributes);
  return values.map((value) => Object.fromEntries(Object.entries(value).filter(([name]) => shown.includes(name))));
}

function casesOf({ name, verb, object }: Operation): readonly Case[] {
  if (verb === 'list' || verb === 'get') return [...reads[verb], ...(verb === 'get' && !object.singleton ? byId : [])];
  return writes[name] ?? others[name]!;
}

describe.each(named(allOperations))('%s', (_, operation) => {
  const cases = casesOf(operation).map((each) => [each.title, each.code, each] as const);

  test.each(cases)('%s: %s', async (title, code, of) => {
    const answers: Record<string, Pick<Outcome, 'code' | 'values'>> = {};
    for (const facade of facades) {
      const outcome = await crawl(facade, operation, of.input(known, operation), of);
      if (outcome) answers[facade.name] = outcome;
    }
    const [first, ...rest] = Object.entries(answers).map(([name, answer]) => ({
      ...answer,
      values: comparable(name, operation, answer.values),
    }));
    expect(rest.length).toBeGreaterThanOrEqual(2);
    expect(Object.fromEntries(Object.entries(answers).map(([name, { code: found }]) => [name, found]))).toEqual(
      Object.fromEntries(Object.keys(answers).map((name) => [name, code])),
    );
    for (const { values } of rest) expect(values).toEqual(first!.values);
    if (code === 'OK') expect(first!.values.length > 0).toBe(title !== 'nothing');
  });
});

/** The life of a pool and a resource in it, as far as the values that were said; everything else is the backend's. */
async function lifeThrough(facade: Facade): Promise<readonly object[]> {
  const story: object[] = [];
  const step = async (name: string, input: Input, said: Value = {}): Promise<string> => {
    const operation = operationOf(name);
    const { code, values } = (await ask(facade, operation, input))!;
    const [value] = values;
    story.push({ name, code, said: Object.fromEntries(Object.keys(said).map((key) => [key, value?.[key]])) });
    const id = String(value?.[operation.object.key] ?? input['id']);
    const { object } = operation;
    const at = { id, ...(object.parent && { parent: value?.[object.parent] ?? nowhere }) };
    for (const reader of facades) {
      const read = await ask(reader, operationOf(`${object.collection}.get`), at);
      // An answer to a deletion may hold no object.
      if (read && name.endsWith('delete')) expect(read.code).toBe('NOT_FOUND');
      else if (read) expect(read.values).toEqual(values);
    }
    return id;
  };
  const made = { ...pool('parity'), extensions: { colour: 'green', nested: { deep: [1, 'a'] } } };
  const id = await step('resourcePools.create', { value: made }, pool('parity'));
  const other = await step('resourcePools.create', { value: pool('parity, too') }, pool('parity, too'));
  const patch = { description: 'changed', extensions: { colour: 'red', nested: null } };
  await step('resourcePools.update', { id, patch }, { description: 'changed', extensions: {} });
  await step('resourcePools.scale', { id, size: 3 }, pool('parity'));
  await step('resourcePools.scale', { id, size: 0 }, pool('parity'));
  const value = { ...resource(known, id), tags: ['a', 'b'], groups: ['c'], globalAssetId: 'asset of parity' };
  const resourceId = await step(
    'resources.create',
    { value },
    { description: '', tags: [], groups: [], globalAssetId: '', resourceTypeId: '' },
  );
  await step(
    'resources.update',
    { id: resourceId, patch: { resourcePoolId: other, tags: ['z'], administrativeState: 'locked' } },
    { tags: [] },
  );
  await step('resources.delete', { id: resourceId });
  await step('resourcePools.delete', { id });
  await step('resourcePools.delete', { id: other });
  return story;
}

test('the life of a pool is the same through every facade, and every step of it is readable at once through all', async () => {
  const stories = [];
  for (const facade of facades.filter(({ name }) => name !== 'rest')) stories.push(await lifeThrough(facade));
  expect(stories[0]).toMatchObject([
    { code: 'OK' },
    {},
    { said: { description: 'changed' } },
    {},
    {},
    { said: { tags: ['a', 'b'] } },
    { said: { tags: ['z'] } },
    {},
    {},
    { code: 'OK' },
  ]);
  for (const story of stories.slice(1)) expect(story).toEqual(stories[0]);
});

/** Names of the facades that serve an operation, as the running gateway says. */
async function servers(): Promise<(operation: Operation) => Promise<readonly Facade['name'][]>> {
  const pathsOf = async (file: string) =>
    (JSON.parse((await gateway.send(`/openapi/${file}`)).text) as { readonly paths: object }).paths;
  const o2 = Object.keys(await pathsOf('o2ims-infrastructureInventory-v2.json'));
  const own = JSON.stringify(await pathsOf('netweave-v1.json'));
  const roots = '{ __schema { queryType { fields { name } } mutationType { fields { name } } } }';
  const graph = (await gateway.send('/graphql', { as: 'admin', method: 'POST', body: { query: roots } })).text;
  return async (operation) => {
    const { name, verb, object } = operation;
    const { routes = {} } = object.presenters[0] ?? {};
    const field =
      verb === 'list'
        ? object.collection
        : verb === 'get'
          ? fieldName(object.name)
          : (operation.field ?? `${verb}${object.name}`);
    const route = verb in routes ? routes[verb as keyof typeof routes] : undefined;
    const serves = {
      rest: o2.some((path) => path === `/o2ims-infrastructureInventory/v2${route}`),
      own: own.includes(`"operationId":"${name.replace('.', '_')}"`),
      // What is asked of one object is a field of it.
      graphql: (operation.kind === 'query' && operation.output !== undefined) || graph.includes(`{"name":"${field}"}`),
      trpc: (await gateway.send(`/trpc/${name}`, { as: 'admin' })).status !== 404,
    };
    return facades.flatMap((facade) => (serves[facade.name] ? [facade.name] : []));
  };
}

test('an operation is absent where it is expected to be, and nowhere else', async () => {
  const served = await servers();
  const absent: Record<string, readonly string[]> = {};
  for (const operation of allOperations) {
    const there = await served(operation);
    const missing = facades.map(({ name }) => name).filter((name) => !there.includes(name));
    if (missing.length > 0) absent[operation.name] = missing;
  }
  console.log(
    `Operations that a facade does not serve:\n${Object.entries(absent)
      .map(([name, at]) => `  ${name}: ${at.join(', ')}`)
      .join('\n')}`,
  );
  // On O2 paths, pools and resources are read only, by the specification; of subscriptions they know no more than O2 does.
  const missing = allOperations.filter(({ verb, kind, object, output }) => {
    return output !== undefined || (kind === 'mutation' && !(verb in (object.presenters[0]?.routes ?? {})));
  });
  expect(absent).toEqual(Object.fromEntries(missing.map(({ name }) => [name, ['rest']])));
});

test('each mutation and each reading of a backup stands in the audit log with intent and outcome, a refused one with its outcome, and nothing else does', async () => {
  await gateway.close();
  const store = new DatabaseSync(join(folder, 'store.db'), { readOnly: true });
  const entries = store.prepare('SELECT entry FROM audit ORDER BY seq').all() as unknown as {
    readonly entry: string;
  }[];
  store.close();
  const found = Map.groupBy(
    // Whether a facade has an operation is asked under other ids.
    entries
      .map(({ entry }) => JSON.parse(entry) as AuditEntry)
      .filter(({ requestId }) => requestId.startsWith('parity-')),
    ({ requestId }) => requestId,
  );
  const owed = [...expected].filter(([, lines]) => lines.length > 0);
  expect(owed.length).toBeGreaterThan(mutations.length * 3);
  expect(
    Object.fromEntries(
      [...found].map(([id, lines]) => [
        id,
        lines.map(({ stage, operation, principal, code }) => [
          stage,
          operation,
          principal,
          ...(code === undefined ? [] : [code]),
        ]),
      ]),
    ),
  ).toEqual(Object.fromEntries(owed));
});
