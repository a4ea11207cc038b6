import { cpus } from 'node:os';
import { type Cluster, createNodes, makeNode, startCluster } from '#test/peers/cluster.js';
import { type GatewayProcess, site } from '../gateway-process.js';
import { limitTable, type Limit, within } from '../report.js';
import { measureFirstSync, measureGatewaySync } from './first-sync.js';
import { measureManyNodes } from './many-nodes.js';
import { measureSilence } from './silent-reads.js';
import { measureVisibility } from './visibility.js';

const zones = 10;
const bytesOfNode = 8_000;

/**
 * The Kubernetes backend against a real API server. Nothing is kept to a core: etcd, the API server, kwok, the gateway and who
 * measures are five on two, and on a shared machine what is kept to a core waits there for others while the next one is free.
 */
export async function kubernetes(): Promise<boolean> {
  const many = await manyNodes();
  const large = await withCluster(10_000, false, async (cluster) => [
    ...(await measureFirstSync(cluster, 10_000, 5)),
    ...(await withGateway(cluster, async (gateway) => [
      ...(await measureGatewaySync(gateway)),
      await measureSilence(cluster, gateway.url, 2_000),
    ])),
  ]);
  const changing = await withCluster(1_000, true, (cluster) =>
    withGateway(cluster, async (gateway) => {
      await gateway.synced;
      return measureVisibility(cluster, gateway, { rounds: 5, seconds: 15, perSecond: 50 });
    }),
  );
  return [...large, ...changing].every(within) && many;
}

/** 5,000 nodes whose kubelets kwok plays. */
export async function manyNodes(): Promise<boolean> {
  console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]!.model}`);
  const measured = await withCluster(5_000, true, (cluster) =>
    withGateway(cluster, (gateway) => measureManyNodes(cluster, gateway)),
  );
  return measured.every(within);
}

type Measured = readonly Limit[];

/** Shows the figures at once: what comes after may fail. */
async function withCluster(
  nodes: number,
  kwok: boolean,
  work: (cluster: Cluster) => Promise<Measured>,
): Promise<Measured> {
  const cluster = await startCluster({ kwok });
  try {
    const names = Array.from({ length: nodes }, (_, at) => `node-${String(at).padStart(5, '0')}`);
    const manifests = names.map((name, at) => makeNode(name, { padTo: bytesOfNode, zone: `zone-${at % zones}` }));
    await createNodes(cluster, manifests);
    if (kwok) await settled(cluster, nodes);
    const limits = await work(cluster);
    console.log(`\n${nodes} nodes\n\n${limitTable(limits)}`);
    return limits;
  } finally {
    await cluster.close();
  }
}

async function withGateway(
  { kubeconfig }: Cluster,
  work: (gateway: GatewayProcess) => Promise<Measured>,
): Promise<Measured> {
  const place = await site({ type: 'kubernetes', options: { kubeconfig } });
  try {
    const gateway = await place.startGateway('any');
    try {
      return await work(gateway);
    } finally {
      await gateway.stop();
    }
  } finally {
    await place.close();
  }
}

/** Waits until kwok keeps the lease of every node. */
async function settled(cluster: Cluster, nodes: number): Promise<void> {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
  for (;;) {
    const { items } = await cluster.request<{ items: readonly unknown[] }>('GET', leases);
    if (items.length >= nodes) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
