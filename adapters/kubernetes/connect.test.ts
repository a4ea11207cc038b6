import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { objects } from '#schema/objects.js';
import {
  classesPath,
  context,
  type FakeCluster,
  fakeNode,
  inZone,
  nodesPath,
  oCloudId,
  startFakeCluster,
  until,
  valuesOf,
} from './testing/fake-cluster.js';

const profile = {
  user: 'admin',
  caCertRef: 'secret:a/b#ca.crt',
  certRef: 'secret:a/b#tls.crt',
  keyRef: 'secret:a/b#tls.key',
};

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await startFakeCluster({ profile });
});
afterEach(() => cluster.close());

describe('the Kubernetes adapter', () => {
  test('makes valid objects of nodes, storage classes and the cluster', async () => {
    cluster.fake.put(
      nodesPath,
      fakeNode('a', {
        labels: { ...inZone('z1'), 'node-role.kubernetes.io/worker': '' },
        capacity: { 'nvidia.com/gpu': '2' },
      }),
    );
    cluster.fake.put(nodesPath, fakeNode('b', { labels: inZone('z1'), cordoned: true }));
    cluster.fake.put(classesPath, {
      metadata: { name: 'fast' },
      provisioner: 'csi.example.com',
      parameters: { tier: 'ssd', adminSecretName: 'x' },
    });
    const rows = await cluster.follow();
    for (const { object, value } of rows.rows.values()) objects[object].model.parse(value);

    const [pool, ...otherPools] = valuesOf(rows, 'ResourcePool');
    expect(otherPools).toEqual([]);
    expect(pool).toMatchObject({
      name: 'z1 worker',
      oCloudSiteId: 'site-z1',
      globalLocationId: 'place-z1',
      location: 'z1',
      oCloudId,
    });

    const resources = valuesOf(rows, 'Resource');
    expect(resources).toHaveLength(2);
    expect(resources[0]).toMatchObject({
      resourcePoolId: pool!['resourcePoolId'],
      globalAssetId: 'asset-a',
      tags: ['worker'],
      groups: ['z1'],
    });
    expect(resources.map(({ extensions }) => (extensions as Record<string, unknown>)['administrativeState'])).toEqual([
      'unlocked',
      'locked',
    ]);
    const elements = resources[0]!['elements'] as {
      resourceId: string;
      resourceTypeId: string;
      extensions: { resource: string };
    }[];
    expect(elements.map(({ extensions }) => extensions.resource)).toEqual([
      'cpu',
      'memory',
      'hugepages-1Gi',
      'nvidia.com/gpu',
      'ephemeral-storage',
    ]);
    expect(elements[0]!.resourceId).toBe(context.idOf('Resource', 'uid-1/cpu'));

    const types = new Map(valuesOf(rows, 'ResourceType').map((value) => [value['resourceTypeId'], value]));
    for (const { resourceTypeId } of [...resources, ...elements]) expect(types.has(resourceTypeId)).toBe(true);
    expect([...types.values()].map(({ name }) => name).sort()).toEqual(
      [
        'CPU amd64',
        'Huge pages 1Gi',
        'Local disk',
        'Memory',
        'fast',
        'linux/amd64',
        'linux/amd64 + nvidia.com/gpu',
        'nvidia.com/gpu',
      ].sort(),
    );
    const storage = [...types.values()].find(({ name }) => name === 'fast');
    expect(storage).toMatchObject({
      resourceClass: 'STORAGE',
      resourceKind: 'LOGICAL',
      vendor: 'csi.example.com',
      extensions: { parameters: { tier: 'ssd' } },
    });
    expect(JSON.stringify(storage)).not.toContain('Secret');

    expect(valuesOf(rows, 'DeploymentManager')).toMatchObject([
      {
        serviceUri: cluster.fake.url,
        supportedLocations: ['place-z1'],
        capabilities: {
          kubernetesVersion: 'v1.36.0',
          architectures: ['amd64'],
          devices: ['nvidia.com/gpu'],
          hugePages: ['1Gi'],
        },
        capacity: {
          nodes: '2',
          cpu: '128',
          memory: '536870912Ki',
          pods: '500',
          'hugepages-1Gi': '67108864Ki',
          'nvidia.com/gpu': '2',
        },
        extensions: {
          profileName: 'native_k8sapi',
          profileData: {
            cluster_api_endpoint: cluster.fake.url,
            admin_user: 'admin',
            admin_client_key: 'secret:a/b#tls.key',
          },
        },
      },
    ]);
  });

  test('a pool over two sites stands at the default site, and outlives its last node for a while', async () => {
    const label = { 'eks.amazonaws.com/nodegroup': 'core' };
    cluster.fake.put(nodesPath, fakeNode('a', { labels: { ...inZone('z1'), ...label } }));
    const rows = await cluster.follow();
    expect(valuesOf(rows, 'ResourcePool')).toMatchObject([{ name: 'core', oCloudSiteId: 'site-z1' }]);
    cluster.fake.put(nodesPath, fakeNode('b', { labels: { ...inZone('z2'), ...label } }));
    await until(() => valuesOf(rows, 'ResourcePool')[0]!['oCloudSiteId'] === 'site-default');
    cluster.fake.remove(nodesPath, 'a');
    await until(() => valuesOf(rows, 'ResourcePool')[0]!['oCloudSiteId'] === 'site-z2');
    cluster.fake.remove(nodesPath, 'b');
    await until(() => valuesOf(rows, 'Resource').length === 0);
    expect(valuesOf(rows, 'ResourcePool')).toMatchObject([{ name: 'core', oCloudSiteId: 'site-z2' }]);
    expect(valuesOf(rows, 'DeploymentManager')).toMatchObject([{ capacity: { nodes: '0', cpu: '0' } }]);
    expect(cluster.connection.project.ResourcePool).toMatchObject({ lingers: 300_000 });
  });

  test('a heartbeat changes no row', async () => {
    cluster.fake.put(nodesPath, fakeNode('a'));
    const rows = await cluster.follow();
    const before = [...rows.rows.values()].map(({ value }) => JSON.stringify(value));
    const count = rows.batches.length;
    cluster.fake.put(nodesPath, fakeNode('a', { beat: 'later' }));
    await until(() => rows.batches.length > count);
    expect([...rows.rows.values()].map(({ value }) => JSON.stringify(value))).toEqual(before);
  });

  test('every batch carries the places of all kinds, and a new connection goes on from them', async () => {
    cluster.fake.put(nodesPath, fakeNode('a'));
    cluster.fake.put(classesPath, { metadata: { name: 'fast' }, provisioner: 'p' });
    const rows = await cluster.follow();
    const { cursor } = rows.batches.at(-1)!;
    expect(Object.keys(cursor!).sort()).toEqual(['Node', 'StorageClass']);
    const { metadata } = cluster.fake.put(nodesPath, fakeNode('b'));
    const again = new AbortController();
    const said: string[] = [];
    for await (const { events } of cluster.connection.watch!(again.signal, cursor)) {
      for (const event of events)
        if (event.kind !== 'Cluster') said.push('identity' in event ? `${event.type} ${event.identity}` : event.type);
      if (said.length > 0) break;
    }
    again.abort();
    expect(said).toEqual([`upsert ${metadata.uid}`]);
  });
});
