import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { kubernetesConfig } from '#adapters/kubernetes/config.js';
import { loadCredentials } from '#adapters/kubernetes/credentials.js';
import { readCluster } from '#adapters/kubernetes/natives/cluster.js';
import { createRequest, readJson } from '#adapters/kubernetes/reflector/request.js';
import { until } from '../gateway-under-test.js';
import { bindingPath, documentedBinding, documentedRole, rolePath } from './cluster-role.js';
import { startCluster, type Cluster } from './cluster.js';

const program = join(import.meta.dirname, '../../../scripts/run.mjs');
const o2 = '/o2ims-infrastructureInventory/v2';
type Row = Readonly<Record<string, unknown>>;

let cluster: Cluster;
let folder: string;
/** Of processes: those of a test that failed would stay. */
const groups: number[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'netweave-own-cluster-'));
  cluster = await startCluster({ nodes: 3 });
  await cluster.request('POST', rolePath, documentedRole);
  await cluster.request('POST', bindingPath, documentedBinding);
  const asUser = { metadata: { name: 'peer' }, roleRef: { ...roleRef, name: 'netweave' }, subjects: [user] };
  await cluster.request('POST', bindingPath, asUser);
});
afterEach(() => {
  for (const group of groups.splice(0)) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // Nothing is left, as it should be.
    }
  }
});
afterAll(async () => {
  await cluster.close();
  rmSync(folder, { recursive: true });
});

const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole' };
const user = { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'netweave' };

describe('npm start -- --kubeconfig PATH --context NAME', () => {
  /** As a user types it in a folder of its own; the current context of the file is another one. */
  function start(context: string) {
    const args = ['start', '--kubeconfig', cluster.kubeconfig, '--context', context, '--port', '0'];
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], npm_lifecycle_event: 'start' };
    const child = spawn(process.execPath, [program, ...args], { cwd: folder, detached: true, env });
    groups.push(child.pid!);
    const said = { text: '' };
    for (const output of [child.stdout, child.stderr])
      output.on('data', (text: Buffer) => (said.text += text.toString()));
    return { child, said, ended: once(child, 'close') };
  }

  test('serves that cluster, from a store of its own', async () => {
    const { child, said, ended } = start('gateway');
    await until(() => said.text.includes('Backend kubernetes is read.'));
    const url = /netweave is ready at (http\S+)/.exec(said.text)![1]!;
    const list = async (path: string) => (await (await fetch(`${url}${o2}${path}`)).json()) as readonly Row[];
    const pools = await list('/resourcePools');
    expect(pools).toHaveLength(1);
    const nodes = await list(`/resourcePools/${String(pools[0]!['resourcePoolId'])}/resources?all_fields`);
    const { items } = await cluster.request<{ items: { metadata: { name: string; uid: string } }[] }>(
      'GET',
      '/api/v1/nodes',
    );
    const told = nodes.map(({ extensions }) => extensions as { name: string; uid: string });
    expect(told.map(({ name, uid }) => [name, uid]).toSorted()).toEqual(
      items.map(({ metadata }) => [metadata.name, metadata.uid]),
    );
    const one = nodes[0]!;
    const at = `/resourcePools/${String(one['resourcePoolId'])}/resources/${String(one['resourceId'])}?all_fields`;
    expect(await (await fetch(`${url}${o2}${at}`)).json()).toEqual(one);
    expect(await list('/deploymentManagers')).toMatchObject([{ serviceUri: cluster.url, capacity: { nodes: '3' } }]);
    expect(said.text).toContain('.netweave/kubernetes.db');
    expect(existsSync(join(folder, '.netweave/kubernetes.db'))).toBe(true);

    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(said.text).toContain('Stopped.');
  });

  test('says which contexts there are when it has not that one', async () => {
    const { said, ended } = start('nobody');
    expect(await ended).toEqual([2, null]);
    expect(said.text).toContain("no context 'nobody'; it has 'admin', 'gateway'");
  });
});

describe('inCluster', () => {
  const account = { name: 'netweave', namespace: 'netweave' };
  const files = () => join(folder, 'pod/var/run/secrets/kubernetes.io/serviceaccount');
  const before = { ...process.env };
  afterAll(() => {
    for (const name of ['KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });

  /** A token as a kubelet asks for it. */
  async function issued(): Promise<string> {
    const path = `/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}/token`;
    const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    return (await cluster.request<{ status: { token: string } }>('POST', path, asked)).status.token;
  }

  beforeAll(async () => {
    expect(documentedBinding.subjects).toEqual([{ kind: 'ServiceAccount', ...account }]);
    await cluster.request('POST', '/api/v1/namespaces', { metadata: { name: account.namespace } });
    const path = `/api/v1/namespaces/${account.namespace}/serviceaccounts`;
    await cluster.request('POST', path, { metadata: { name: account.name } });
    mkdirSync(files(), { recursive: true });
    writeFileSync(join(files(), 'ca.crt'), cluster.ca);
    writeFileSync(join(files(), 'namespace'), account.namespace);
    process.env['KUBERNETES_SERVICE_HOST'] = '127.0.0.1';
    process.env['KUBERNETES_SERVICE_PORT'] = String(cluster.port);
  });

  const load = () => loadCredentials(kubernetesConfig.parse({ inCluster: true }), join(folder, 'pod'));
  const asking = () => ({ signal: AbortSignal.timeout(30_000), answerWithin: 30_000 });

  test('reads the cluster with the token of the documented service account', async () => {
    writeFileSync(join(files(), 'token'), await issued());
    const credentials = await load();
    const request = createRequest(credentials);
    expect(credentials.server).toBe(cluster.url);
    const read = async (path: string) => readJson(await request({ path, ...asking() }));
    // The authorizer learns of a binding by a watch of its own.
    await until(() =>
      read('/api/v1/nodes').then(
        () => true,
        ({ status }: { readonly status: number }) => {
          expect(status).toBe(403);
          return false;
        },
      ),
    );
    expect(((await read('/api/v1/nodes')) as { items: unknown[] }).items).toHaveLength(3);
    expect(await readCluster(request, asking().signal, 30_000)).toMatchObject({ version: 'v1.36.3' });
    await expect(read('/api/v1/namespaces')).rejects.toMatchObject({ status: 403 });
    credentials.close();
  });

  test('takes a token that was rotated as soon as the old one is refused', async () => {
    writeFileSync(join(files(), 'token'), 'of-yesterday');
    const credentials = await load();
    const request = createRequest(credentials);
    const read = async () => readJson(await request({ path: '/api/v1/nodes', ...asking() }));
    await expect(read()).rejects.toMatchObject({ status: 401 });
    writeFileSync(join(files(), 'token'), await issued());
    expect(((await read()) as { items: unknown[] }).items).toHaveLength(3);
    credentials.close();
  });

  test('trusts the authority of the pod and no other', async () => {
    const credentials = await load();
    const request = createRequest(credentials);
    expect((await credentials.options()).ca).toEqual(Buffer.from(cluster.ca));
    const other = await loadCredentials(kubernetesConfig.parse({ inCluster: true }), join(folder, 'pod'));
    writeFileSync(join(files(), 'ca.crt'), '');
    other.renew();
    await expect(createRequest(other)({ path: '/version', ...asking() })).rejects.toMatchObject({
      code: expect.stringMatching(/CERT|SELF_SIGNED|UNABLE/),
    });
    writeFileSync(join(files(), 'ca.crt'), cluster.ca);
    expect(await readCluster(request, asking().signal, 30_000)).toMatchObject({ version: 'v1.36.3' });
    credentials.close();
    other.close();
  });
});
