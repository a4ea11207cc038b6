import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { openFleet, v2, type Fleet } from '../fleet.js';
import { until } from '../gateway-under-test.js';
import { bindingPath, documentedRole, grantRole, rolePath, type Rule } from './cluster-role.js';
import { startCluster, type Cluster } from './cluster.js';

/** Lists that a backend may be named incomplete in. */
const lists = ['resourcePools', 'resourceTypes', 'deploymentManagers'] as const;
type List = (typeof lists)[number];
type Row = Readonly<Record<string, unknown>>;

let cluster: Cluster;
let fleet: Fleet | undefined;

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 });
  await grantRole(cluster);
  const metadata = { name: 'fast' };
  await cluster.request('POST', '/apis/storage.k8s.io/v1/storageclasses', { metadata, provisioner: 'csi.example.com' });
  // Kubernetes grants these paths to everybody; clusters that were hardened do not.
  for (const name of ['system:discovery', 'system:public-info-viewer'])
    await cluster.request('DELETE', `${bindingPath}/${name}`);
});
afterEach(async () => {
  await fleet?.close();
  fleet = undefined;
});
afterAll(() => cluster.close());

/** Gives the gateway the documented role without a rule; resolves when the API server goes by it, as `path` shows. */
async function grant(path: string, leftOut: (rule: Rule) => boolean = () => false): Promise<void> {
  const rules = documentedRole.rules.filter((rule) => !leftOut(rule));
  await cluster.request('PATCH', `${rolePath}/netweave`, { rules });
  const allowed = () =>
    cluster.requestAsGateway('GET', path).then(
      () => true,
      () => false,
    );
  while ((await allowed()) !== (rules.length === documentedRole.rules.length)) await sleep(20);
}

async function open(): Promise<Fleet> {
  const options = { kubeconfig: cluster.kubeconfig, context: 'gateway' };
  fleet = await openFleet({ backends: [{ key: 'peer', type: 'kubernetes', options }] });
  return fleet;
}

/** Which lists name the backend, and why: by GraphQL, which tells the reason. */
async function incompleteIn({ ask }: Fleet): Promise<Readonly<Partial<Record<List, string>>>> {
  const told: Partial<Record<List, string>> = {};
  for (const list of lists) {
    const { headers, status } = await ask(`${v2}/${list}`);
    expect([list, status]).toEqual([list, 200]);
    const { body } = await ask('/graphql', 'POST', { query: `{ ${list} { nodes { id } } }` });
    const { incomplete } = (body as { extensions?: { incomplete?: { reason: string }[] } }).extensions ?? {};
    expect([list, headers.get('x-netweave-incomplete')]).toEqual([list, incomplete === undefined ? null : 'peer']);
    if (incomplete) told[list] = incomplete[0]!.reason;
  }
  return told;
}

/** Resolves when exactly these lists name the backend, for this reason; until it was tried they all do, for another one. */
async function names(on: Fleet, wanted: readonly List[], why = /^/): Promise<void> {
  await until(async () => {
    const told = await incompleteIn(on).catch(() => undefined);
    if (!told || Object.values(told).some((reason) => !why.test(reason))) return false;
    return JSON.stringify(Object.keys(told).sort()) === JSON.stringify([...wanted].sort());
  });
}

const rows = async ({ ask }: Fleet, list: string) => (await ask(`${v2}/${list}`)).body as readonly Row[];

test('with every rule nothing is incomplete', async () => {
  await grant('/version');
  const on = await open();
  await until(() => on.progress().every(({ synced, of }) => synced === of));
  expect(await incompleteIn(on)).toEqual({});
  const [manager] = await rows(on, 'deploymentManagers');
  expect(manager).toMatchObject({ capacity: { nodes: '3' }, capabilities: { kubernetesVersion: 'v1.36.3' } });
});

interface Case {
  readonly what: string;
  /** That the role allows while it is whole. */
  readonly path: string;
  readonly is: (rule: Rule) => boolean;
  readonly incomplete: readonly List[];
  readonly why: RegExp;
}
const reads = ({ verbs }: Rule) => verbs.includes('list');
const cases: readonly Case[] = [
  {
    what: '/version and /apis',
    path: '/version',
    is: ({ nonResourceURLs }) => nonResourceURLs !== undefined,
    incomplete: ['deploymentManagers'],
    why: /cannot get path "\/(version|apis)"/,
  },
  {
    what: 'storage classes',
    path: '/apis/storage.k8s.io/v1/storageclasses',
    is: ({ resources = [] }) => resources.includes('storageclasses'),
    incomplete: ['resourceTypes'],
    why: /cannot (list|watch) resource "storageclasses"/,
  },
  {
    what: 'nodes: list, watch',
    path: '/api/v1/nodes',
    is: (rule) => reads(rule) && rule.resources?.includes('nodes') === true,
    incomplete: lists,
    why: /cannot (list|watch) resource "nodes"/,
  },
];

test.each(cases)('without the rule for $what a gateway that starts says so, and reads the rest', async (each) => {
  await grant(each.path, each.is);
  const on = await open();
  await names(on, each.incomplete, each.why);
  expect(JSON.stringify(on.progress())).toMatch(/forbidden/);
  const seen = await Promise.all(lists.map(async (list) => [list, (await rows(on, list)).length > 0] as const));
  for (const [list, any] of seen) if (!each.incomplete.includes(list)) expect([list, any]).toEqual([list, true]);
  if (each.what.startsWith('/version')) {
    const [manager] = await rows(on, 'deploymentManagers');
    expect(manager).toMatchObject({ capacity: { nodes: '3' }, capabilities: { architectures: expect.any(Array) } });
    expect(manager!['capabilities']).not.toHaveProperty('kubernetesVersion');
  }

  await grant(each.path);
  await names(on, []);
  expect((await rows(on, 'deploymentManagers'))[0]).toMatchObject({
    capacity: { nodes: '3' },
    capabilities: { kubernetesVersion: 'v1.36.3', apiGroups: expect.arrayContaining(['storage.k8s.io']) },
  });
  expect((await rows(on, 'resourceTypes')).map(({ name }) => name)).toContain('fast');
});

test('without the rule for nodes: get, patch everything is read, and a write says what is missing', async () => {
  const leftOut = ({ verbs }: Rule) => verbs.includes('patch');
  await grant('/api/v1/nodes/node-0000', leftOut);
  const on = await open();
  await until(() => on.progress().every(({ synced, of }) => synced === of));
  expect(await incompleteIn(on)).toEqual({});
  const { items } = (await on.ask('/netweave/v1/resources')).body as { readonly items: readonly Row[] };
  const one = `/netweave/v1/resources/${String(items[0]!['resourceId'])}`;
  const { status, body } = await on.ask(one, 'PATCH', { administrativeState: 'locked' });
  expect([status, body]).toEqual([502, expect.objectContaining({ code: 'BACKEND_FAILED' })]);
  expect((body as { readonly detail: string }).detail).toMatch(/forbidden.*rbac\.yaml/);
});
