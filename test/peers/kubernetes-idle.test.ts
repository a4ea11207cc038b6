import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { receiver } from '../callback-receiver.js';
import { openGatewayUnderTest, until, type GatewayUnderTest } from '../gateway-under-test.js';
import { grantRole } from './cluster-role.js';
import { startCluster, type Cluster } from './cluster.js';

/** By hand ten: `NETWEAVE_IDLE_MINUTES=10 npm run test:peers -- kubernetes-idle`. */
const minutes = Number(process.env['NETWEAVE_IDLE_MINUTES'] ?? 2 / 3);
const long = minutes >= 5;
const nodes = long ? 1000 : 100;
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

let cluster: Cluster;
let gateway: GatewayUnderTest;
let callback: Awaited<ReturnType<typeof receiver>>;

beforeAll(async () => {
  cluster = await startCluster({ kwok: true, nodes, compactionInterval: long ? '1m' : '10s', audited: true });
  await grantRole(cluster);
  callback = await receiver();
  gateway = await openGatewayUnderTest({
    backends: [{ key: 'peer', type: 'kubernetes', options: { kubeconfig: cluster.kubeconfig, context: 'gateway' } }],
  });
  await until(async () => (await renewals()).size >= nodes);
}, 180_000);
afterAll(async () => {
  await gateway.close();
  await callback.close();
  await cluster.close();
});

/** When the lease of each node was renewed last. */
async function renewals(): Promise<ReadonlyMap<string, string>> {
  interface Leases {
    readonly items: readonly {
      readonly metadata: { readonly name: string };
      readonly spec: { readonly renewTime: string };
    }[];
  }
  const { items } = await cluster.request<Leases>('GET', leases);
  return new Map(items.map(({ metadata, spec }) => [metadata.name, spec.renewTime]));
}

/** Versions of the nodes: what their kubelets wrote. */
async function versions(): Promise<ReadonlyMap<string, string>> {
  interface Nodes {
    readonly items: readonly { readonly metadata: { readonly name: string; readonly resourceVersion: string } }[];
  }
  const { items } = await cluster.request<Nodes>('GET', '/api/v1/nodes');
  return new Map(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
}

const differing = (now: ReadonlyMap<string, string>, before: ReadonlyMap<string, string>) =>
  [...now].filter(([name, value]) => before.get(name) !== value).length;

const label = (value: string) =>
  cluster.request('PATCH', '/api/v1/nodes/node-0001', { metadata: { labels: { 'example.com/turn': value } } });

test(
  'heartbeats tell nobody anything, and an idle cluster is asked for nothing',
  async () => {
    const made = await gateway.send('/netweave/v1/inventorySubscriptions', {
      method: 'POST',
      body: { callback: callback.url },
    });
    expect(made.status).toBe(201);
    await label('first');
    await until(() => callback.received.some(({ text }) => text.includes('"first"')));
    const [before, asked] = [callback.received.length, cluster.asked().length];
    const [leased, stood] = [await renewals(), await versions()];

    await beat(minutes * 60_000);

    const renewed = differing(await renewals(), leased);
    const written = differing(await versions(), stood);
    const idle = cluster.asked().slice(asked);
    const watches = idle.filter(({ verb }) => verb === 'watch');
    const told = callback.received.slice(before).map(({ text }) => text.slice(0, 500));
    console.log(
      `${minutes.toFixed(1)} min, ${nodes} nodes: ${renewed} renewed their leases, ${written} wrote their status, ` +
        `${told.length} notifications, ${watches.length} watches, ${idle.filter(({ verb }) => verb === 'list').length} lists`,
    );
    expect(renewed).toBe(nodes);
    expect(told).toStrictEqual([]);
    expect(idle.filter(({ verb }) => verb === 'list')).toStrictEqual([]);
    // Kubernetes ends a watch after five to ten minutes.
    for (const kind of ['nodes', 'storageclasses'])
      expect(watches.filter(({ path }) => path.includes(`/${kind}?`)).length).toBeLessThanOrEqual(
        Math.ceil(minutes / 5),
      );

    await label('last');
    await until(() => callback.received.some(({ text }) => text.includes('"last"')));
  },
  minutes * 60_000 + 120_000,
);

const merge = 'application/strategic-merge-patch+json';

/** Also writes the status of every tenth node as its kubelet does, which kwok does too seldom. */
async function beat(span: number): Promise<void> {
  const end = Date.now() + span;
  for (let turn = 0; Date.now() < end; turn += 1) {
    for (let n = turn % 10; n < nodes && Date.now() < end; n += 10) {
      const name = `node-${String(n).padStart(4, '0')}`;
      const condition = { type: 'MemoryPressure', status: 'False', lastHeartbeatTime: new Date().toISOString() };
      await cluster.request('PATCH', `/api/v1/nodes/${name}/status`, { status: { conditions: [condition] } }, merge);
    }
    await sleep(Math.min(10_000, Math.max(0, end - Date.now())));
  }
}
