import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { objects, type ObjectName } from '#schema/objects.js';
import type { Connection, Target } from '#adapters/contract.js';
import { materialise } from '#adapters/kit/materialise.js';
import { kubernetesConfig } from '#adapters/kubernetes/config.js';
import { connect } from '#adapters/kubernetes/connect.js';
import { distributions } from '#adapters/kubernetes/project/pools/testing/distributions.js';
import { documentedRole, grantRole, rolePath } from './cluster-role.js';
import { type Cluster, createNodes, makeNode, startCluster } from './cluster.js';
import { context, impatient } from './kubernetes-follower.js';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
  await grantRole(cluster);
  await cluster.request('POST', '/apis/storage.k8s.io/v1/storageclasses', {
    metadata: { name: 'fast' },
    provisioner: 'csi.example.com',
  });
});
afterAll(() => cluster.close());

type Rule = (typeof documentedRole)['rules'][number];

/** Gives the gateway the documented role without what `leftOut` picks. */
async function grant(leftOut: (rule: Rule) => boolean = () => false): Promise<void> {
  const rules = documentedRole.rules.filter((rule) => !leftOut(rule));
  await cluster.request('PATCH', `${rolePath}/netweave`, { rules });
}

/** The gateway's view of this cluster under its own, limited token. */
class View {
  readonly rows = new Map<string, { readonly object: ObjectName; readonly value: Record<string, unknown> }>();
  readonly complete = new Set<ObjectName>();
  readonly stale = new Map<ObjectName, string>();
  readonly connection: Connection;
  readonly #kit;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;

  constructor(connection: Connection) {
    this.connection = connection;
    this.#kit = materialise(context.oCloudId, context.key, connection.project);
    this.#loop = this.#follow();
  }

  async #follow(): Promise<void> {
    for await (const { events } of this.connection.watch!(this.#stop.signal, undefined)) this.feed(events);
  }

  feed(events: Parameters<ReturnType<typeof materialise>['apply']>[0]): void {
    for (const event of this.#kit.apply(events)) {
      if (event.type === 'upsert') this.rows.set(event.id, { object: event.object, value: event.value });
      else if (event.type === 'delete') this.rows.delete(event.id);
      else if (event.type === 'stale') this.stale.set(event.object, event.reason);
      else this.stale.delete(event.object);
      if (event.type === 'complete') this.complete.add(event.object);
    }
  }

  of(object: ObjectName): Record<string, unknown>[] {
    return [...this.rows.values()].flatMap((row) => (row.object === object ? [row.value] : []));
  }

  node(name: string): Record<string, unknown> | undefined {
    return this.of('Resource').find(({ extensions }) => (extensions as { name: string }).name === name);
  }

  poolOf(name: string): string | undefined {
    const id = this.node(name)?.['resourcePoolId'];
    const pool = this.of('ResourcePool').find(({ resourcePoolId }) => resourcePoolId === id);
    return (pool?.['extensions'] as { poolKey: string } | undefined)?.poolKey;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await this.connection.close();
  }
}

async function view(): Promise<View> {
  const config = kubernetesConfig.parse({ kubeconfig: cluster.kubeconfig, context: 'gateway' });
  return new View(await connect(config, context, impatient));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

const all: readonly ObjectName[] = ['Resource', 'ResourcePool', 'ResourceType', 'DeploymentManager'];

describe('nodes of ten distributions under the documented role', () => {
  const expected = new Map<string, string>();
  let seen: View;

  beforeAll(async () => {
    await grant();
    const nodes = distributions.flatMap((distribution, at) =>
      distribution.nodes.map(({ labels, providerId, pool }, index) => {
        const manifest = makeNode(`d${at}-${index}`);
        expected.set(manifest.metadata.name, pool);
        return {
          ...manifest,
          metadata: { ...manifest.metadata, labels: { ...labels } },
          spec: { ...manifest.spec, providerID: providerId ?? '' },
        };
      }),
    );
    await createNodes(cluster, nodes);
    seen = await view();
    await until(() => all.every((object) => seen.complete.has(object)));
  });
  afterAll(() => seen.close());

  test('every node is in exactly the pool it should be in, and no pool is empty or missing', () => {
    const pools = new Map([...expected.keys()].map((name) => [name, seen.poolOf(name)]));
    expect(pools).toEqual(expected);
    const keys = seen.of('ResourcePool').map(({ extensions }) => (extensions as { poolKey: string }).poolKey);
    expect(keys.sort()).toEqual([...new Set(expected.values())].sort());
  });

  test('every object is valid, and every reference leads to one', () => {
    for (const { object, value } of seen.rows.values()) objects[object].model.parse(value);
    for (const { resourcePoolId, resourceTypeId, elements } of seen.of('Resource')) {
      expect(seen.rows.get(resourcePoolId as string)?.object).toBe('ResourcePool');
      for (const typeId of [
        resourceTypeId,
        ...(elements as { resourceTypeId: string }[]).map((each) => each.resourceTypeId),
      ])
        expect(seen.rows.get(typeId as string)?.object).toBe('ResourceType');
    }
    expect(seen.of('ResourceType').map(({ name }) => name)).toContain('fast');
    const [manager] = seen.of('DeploymentManager');
    expect(manager).toMatchObject({
      serviceUri: cluster.url,
      capacity: { nodes: `${expected.size}`, cpu: `${64 * expected.size}` },
    });
    expect(manager!['capabilities']).toMatchObject({ kubernetesVersion: expect.stringMatching(/^v1\./) });
  });

  describe('writing', () => {
    const call = {
      signal: new AbortController().signal,
      scope: { tenant: undefined, permissions: new Set<string>(), key: '' },
    };
    const target = (name: string): Target => {
      const value = seen.node(name)!;
      const { uid } = value['extensions'] as { uid: string };
      return { id: value['resourceId'] as string, identity: uid, value: value as never };
    };
    const write = (name: string, patch: Record<string, unknown>) =>
      seen.connection.ports.Resource!.update!(call, target(name), patch);

    test('moves a node into every pool there is, and home again', async () => {
      const [name, home] = [...expected][0]!;
      for (const pool of new Set([...expected.values()].reverse())) {
        const { events } = await write(name, { resourcePoolId: 'x', resourcePoolIdentity: pool });
        seen.feed(events);
        expect(seen.poolOf(name)).toBe(pool);
      }
      expect(seen.poolOf(name)).toBe(home);
      const { metadata } = await cluster.request<{ metadata: { labels: object } }>('GET', `/api/v1/nodes/${name}`);
      expect(Object.keys(metadata.labels)).not.toContain('netweave.io/resource-pool');
    });

    test('locks and unlocks; a node recreated under its name is left alone', async () => {
      const name = [...expected.keys()][1]!;
      const state = () => (seen.node(name)!['extensions'] as Record<string, unknown>)['administrativeState'];
      await write(name, { administrativeState: 'locked' });
      await until(() => state() === 'locked');
      await write(name, { administrativeState: 'unlocked' });
      await until(() => state() === 'unlocked');
      const old = target(name);
      const before = await cluster.request<{ metadata: { labels: Record<string, string> } }>(
        'GET',
        `/api/v1/nodes/${name}`,
      );
      await cluster.request('DELETE', `/api/v1/nodes/${name}`);
      const again = makeNode(name);
      await createNodes(cluster, [{ ...again, metadata: { ...again.metadata, labels: before.metadata.labels } }]);
      const late = seen.connection.ports.Resource!.update!(call, old, { administrativeState: 'locked' });
      await expect(late).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    test('the API server itself refuses a patch that names another UID', async () => {
      const name = [...expected.keys()][2]!;
      const patch = { metadata: { uid: '00000000-0000-4000-8000-000000000000' }, spec: { unschedulable: true } };
      await expect(cluster.request('PATCH', `/api/v1/nodes/${name}`, patch)).rejects.toMatchObject({ status: 422 });
    });

    test('says whose right is missing', async () => {
      await grant(({ verbs }) => verbs.includes('patch'));
      const name = [...expected.keys()][2]!;
      await until(() => seen.node(name) !== undefined);
      const refused = async (): Promise<string> =>
        write(name, { administrativeState: 'locked' }).then(
          () => 'written',
          ({ code, message }: { code: string; message: string }) => `${code} ${message}`,
        );
      // The API server learns of the changed role a moment later.
      let answer = await refused();
      for (; answer === 'written'; answer = await refused()) await write(name, { administrativeState: 'unlocked' });
      expect(answer).toMatch(/^BACKEND_FAILED .*forbidden.*rbac\.yaml/);
      expect(seen.stale.size).toBe(0);
    });
  });
});

describe('a missing rule', () => {
  beforeEach(() => grant());

  test('for storage classes leaves everything else as it is, and says what is missing', async () => {
    await grant(({ resources }) => resources?.includes('storageclasses') === true);
    const seen = await view();
    await until(() => seen.stale.has('ResourceType') && seen.complete.size === 3);
    expect([...seen.stale.keys()]).toEqual(['ResourceType']);
    expect(seen.stale.get('ResourceType')).toMatch(/cannot watch resource "storageclasses"/);
    expect([...seen.complete].sort()).toEqual(['DeploymentManager', 'Resource', 'ResourcePool']);
    expect(seen.of('Resource').length).toBeGreaterThan(0);

    await grant();
    await until(() => seen.stale.size === 0 && seen.complete.size === 4);
    expect(seen.of('ResourceType').map(({ name }) => name)).toContain('fast');
    await seen.close();
  });

  test('for nodes, taken away in the middle of a watch, keeps what is known and names it stale', async () => {
    const seen = await view();
    await until(() => seen.complete.size === 4);
    const count = seen.of('Resource').length;
    await grant(({ resources }) => resources?.includes('nodes') === true);
    await until(() => seen.stale.has('Resource'));
    expect(seen.stale.get('Resource')).toMatch(/cannot watch resource "nodes"/);
    expect(seen.of('Resource')).toHaveLength(count);
    await grant();
    await until(() => seen.stale.size === 0);
    await createNodes(cluster, [makeNode('after-the-grant')]);
    await until(() => seen.node('after-the-grant') !== undefined);
    await seen.close();
  });
});
