import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNodes, makeNode, startCluster, type Cluster, type NodeManifest } from './cluster.js';
import { startTcpProxy } from './tcp-proxy.js';

interface NodeList {
  metadata: { resourceVersion: string; continue?: string };
  items: (NodeManifest & { metadata: { uid: string; resourceVersion: string } })[];
}
interface WatchEvent {
  type: string;
  object: { code?: number; metadata: { name?: string } };
}

const listNodes = (cluster: Cluster) => cluster.request<NodeList>('GET', '/api/v1/nodes');
const statusOf = (code: number) => expect.objectContaining({ name: 'ApiError', status: code });

/** A bare watch on Nodes through `port`: every event, then whether the answer ended whole or was cut off. */
async function* watchNodes(
  cluster: Cluster,
  port: number,
  resourceVersion: string,
): AsyncGenerator<WatchEvent | 'cut'> {
  const path = `/api/v1/nodes?watch=true&resourceVersion=${resourceVersion}`;
  const headers = { authorization: 'Bearer admin-token' };
  const sent = request({ host: '127.0.0.1', port, path, headers, ca: cluster.ca, agent: false });
  const response = await new Promise<AsyncIterable<Buffer>>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject).end();
  });
  let rest = '';
  try {
    for await (const chunk of response) {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop()!;
      for (const line of lines) yield JSON.parse(line) as WatchEvent;
    }
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code !== 'ECONNRESET') throw fault;
    yield 'cut';
  } finally {
    sent.destroy();
  }
}

async function next(events: AsyncGenerator<WatchEvent | 'cut'>): Promise<unknown> {
  const { value, done } = await events.next();
  return done || value === 'cut' ? (value ?? 'end') : [value.type, value.object.metadata.name ?? value.object.code];
}

describe('a cluster of 20 nodes', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 20 });
  });
  afterAll(() => cluster.close());

  test('is Kubernetes 1.36 and lists the nodes as their kubelets reported them', async () => {
    expect(await cluster.request('GET', '/version')).toMatchObject({ gitVersion: 'v1.36.3' });
    const { items } = await listNodes(cluster);
    expect(items.map((node) => node.metadata.name)).toEqual(
      Array.from({ length: 20 }, (_, index) => `node-00${String(index).padStart(2, '0')}`),
    );
    const { status, spec } = makeNode('node-0007');
    expect(items[7]).toMatchObject({ status, spec });
    expect(cluster.memory().apiServer).toBeGreaterThan(50);
  });

  test('its kubeconfig serves a real client, also through a proxy', async () => {
    const proxy = await startTcpProxy(cluster.port);
    for (const file of [cluster.kubeconfig, cluster.kubeconfigThrough(proxy.port)]) {
      const config = new KubeConfig();
      config.loadFromFile(file);
      expect((await config.makeApiClient(CoreV1Api).listNode()).items).toHaveLength(20);
    }
    expect(proxy.accepted).toBe(1);
    proxy.close();
  });

  test('lets the gateway user do what RBAC grants, and nothing before', async () => {
    await expect(cluster.requestAsGateway('GET', '/api/v1/nodes')).rejects.toEqual(statusOf(403));
    const group = 'rbac.authorization.k8s.io';
    const rules = [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] }];
    const subjects = [{ kind: 'User', name: 'netweave', apiGroup: group }];
    const roleRef = { kind: 'ClusterRole', name: 'gateway', apiGroup: group };
    const metadata = { name: 'gateway' };
    const apis = `/apis/${group}/v1`;
    await cluster.request('POST', `${apis}/clusterroles`, { metadata, rules });
    await cluster.request('POST', `${apis}/clusterrolebindings`, { metadata, subjects, roleRef });
    // The authorizer learns of it by a watch of its own.
    const allowed = async (): Promise<NodeList> => {
      try {
        return await cluster.requestAsGateway<NodeList>('GET', '/api/v1/nodes');
      } catch {
        await sleep(50);
        return allowed();
      }
    };
    expect((await allowed()).items).toHaveLength(20);
    await expect(cluster.requestAsGateway('DELETE', '/api/v1/nodes/node-0000')).rejects.toEqual(statusOf(403));
  });

  test('counts the requests it was asked', async () => {
    const lists = async () => {
      const metrics = [...(await cluster.apiserverMetrics())];
      const wanted = (series: string) =>
        series.startsWith('apiserver_request_total{code="200"') && /resource="nodes".*verb="LIST"/.test(series);
      return metrics.filter(([series]) => wanted(series)).reduce((sum, [, value]) => sum + value, 0);
    };
    const before = await lists();
    for (let time = 0; time < 3; time++) await listNodes(cluster);
    expect((await lists()) - before).toBe(3);
  });

  test('a watch through the proxy delivers until it is cut, and goes on from where it was', async () => {
    const proxy = await startTcpProxy(cluster.port);
    const { metadata } = await listNodes(cluster);
    const label = (value: string) =>
      cluster.request('PATCH', '/api/v1/nodes/node-0001', { metadata: { labels: { value } } });
    const first = watchNodes(cluster, proxy.port, metadata.resourceVersion);
    await label('one');
    expect(await next(first)).toEqual(['MODIFIED', 'node-0001']);
    proxy.cut();
    expect(await next(first)).toBe('cut');

    await cluster.request('DELETE', '/api/v1/nodes/node-0019');
    const second = watchNodes(cluster, proxy.port, metadata.resourceVersion);
    expect([await next(second), await next(second)]).toEqual([
      ['MODIFIED', 'node-0001'],
      ['DELETED', 'node-0019'],
    ]);
    await second.return(undefined);
    expect(proxy.accepted).toBe(2);
    proxy.close();
  });

  test('answers nothing while it is paused, and all of it afterwards', async () => {
    cluster.pauseApiServer();
    let answered = false;
    const answer = listNodes(cluster).finally(() => (answered = true));
    await sleep(300);
    expect(answered).toBe(false);
    cluster.resumeApiServer();
    expect((await answer).items).not.toHaveLength(0);
  });

  test('comes back on its port with its data after it was killed', async () => {
    const before = await listNodes(cluster);
    await cluster.killApiServer();
    await expect(listNodes(cluster)).rejects.toThrow('ECONNREFUSED');
    await cluster.restartApiServer();
    expect((await listNodes(cluster)).items.map((node) => node.metadata.uid)).toEqual(
      before.items.map((node) => node.metadata.uid),
    );
  });
});

describe.each([{ watchCache: true }, { watchCache: false }])('compaction, $watchCache', ({ watchCache }) => {
  test('makes a watch, a page and an exact list of before fail with 410', async () => {
    const cluster = await startCluster({ nodes: 20, watchCache });
    try {
      const { metadata } = await cluster.request<NodeList>('GET', '/api/v1/nodes?limit=5');
      await cluster.request('DELETE', '/api/v1/nodes/node-0003');
      await cluster.compact();
      const events = watchNodes(cluster, cluster.port, metadata.resourceVersion);
      expect(await next(events)).toEqual(['ERROR', 410]);
      await events.return(undefined);
      const exact = `resourceVersion=${metadata.resourceVersion}&resourceVersionMatch=Exact`;
      for (const query of [`limit=5&continue=${metadata.continue}`, exact]) {
        await expect(cluster.request('GET', `/api/v1/nodes?${query}`)).rejects.toEqual(statusOf(410));
      }
      expect((await listNodes(cluster)).items).toHaveLength(19);
    } finally {
      await cluster.close();
    }
  });
});

test('kwok makes nodes Ready and keeps their leases; close leaves nothing behind', async () => {
  const cluster = await startCluster({ kwok: true });
  const folder = dirname(cluster.kubeconfig);
  try {
    await createNodes(cluster, [makeNode('silent', { ready: false })]);
    const ready = ({ items }: NodeList) =>
      items.every(({ status }) => status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
    const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
    while (!ready(await listNodes(cluster))) await sleep(200);
    while ((await cluster.request<NodeList>('GET', leases)).items[0]?.metadata.name !== 'silent') await sleep(200);
    expect(Object.keys(cluster.memory())).toEqual(['etcd', 'apiServer', 'kwok']);
  } finally {
    await cluster.close();
  }
  expect(() => cluster.memory()).toThrow('ENOENT');
  await expect(listNodes(cluster)).rejects.toThrow('ECONNREFUSED');
  expect(existsSync(folder)).toBe(false);
});

test('makeNode gives the same manifest for the same name, of exactly the size that was asked for', () => {
  for (const padTo of [8_000, 12_000, 30_000]) {
    const node = makeNode('du-1', { padTo, zone: 'edge-7', labels: { site: 'roof' }, cpu: 128, memory: 512 });
    expect(Buffer.byteLength(JSON.stringify(node))).toBe(padTo);
    expect(node).toEqual(makeNode('du-1', { padTo, zone: 'edge-7', labels: { site: 'roof' }, cpu: 128, memory: 512 }));
    expect(node.metadata.labels).toMatchObject({ 'topology.kubernetes.io/zone': 'edge-7', site: 'roof' });
    expect(node.status.capacity).toMatchObject({ cpu: '128', 'hugepages-1Gi': '64Gi', 'nvidia.com/gpu': '2' });
  }
  expect(() => makeNode('du-1', { padTo: 1_000 })).toThrow(/Node du-1 has \d+ bytes already; padTo is 1000/);
});
