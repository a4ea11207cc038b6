import type { ConnectContext, Connection, Cursor, NativeBatch } from '../contract.js';
import type { KubernetesConfig } from './config.js';
import { loadCredentials } from './credentials.js';
import { readCluster } from './natives/cluster.js';
import { type NativeNode, slimNode } from './natives/node.js';
import { type NativeStorageClass, slimStorageClass } from './natives/storage-class.js';
import { nodePort } from './ports.js';
import { clusterIdentity, projectManager } from './project/cluster.js';
import { createChain, type PoolChain } from './project/pools/chain.js';
import { projectPools } from './project/resource-pool.js';
import { projectTypes } from './project/resource-type.js';
import { projectResources } from './project/resource.js';
import { merge, type Stream } from './reflector/merge.js';
import { poll } from './reflector/poll.js';
import { reflect } from './reflector/reflector.js';
import { createRequest, type Request } from './reflector/request.js';
import type { Identified, KindSource } from './reflector/source.js';
import { type Timing, usualTiming } from './reflector/timing.js';
import { newer } from './reflector/version.js';

const readClusterEvery = 300_000;

/** Connects an instance. Throws Fault INVALID for unusable credentials; a cluster that is away is no error here. */
export async function connect(
  config: KubernetesConfig,
  context: ConnectContext,
  timing: Timing = usualTiming,
): Promise<Connection> {
  const credentials = await loadCredentials(config);
  const request = createRequest(credentials);
  const chain = createChain(config);
  const kinds = kindsOf(config, context, chain, request, timing);
  const cluster = {
    kind: 'Cluster',
    identity: clusterIdentity,
    every: readClusterEvery,
    read: (signal: AbortSignal) => readCluster(request, signal, timing.answerWithin),
    log: context.log,
    timing,
  };
  return {
    watch: (signal, cursor) => watchAll(kinds, (until) => poll(cluster, until), signal, cursor),
    servers: [credentials.server],
    project: {
      Resource: projectResources(context, chain),
      ResourcePool: { ...projectPools(context, chain), lingers: config.emptyPoolsStay },
      ResourceType: projectTypes(),
      DeploymentManager: projectManager(context, credentials.server, config),
    },
    ports: { Resource: nodePort({ request, chain, poolLabel: config.poolLabel, answerWithin: timing.answerWithin }) },
    newer,
    close: async () => credentials.close(),
  };
}

function kindsOf(
  { labelSelector, fieldSelector }: KubernetesConfig,
  { log }: ConnectContext,
  chain: PoolChain,
  request: Request,
  timing: Timing,
): readonly KindSource[] {
  const shared = { request, log, timing };
  const selectors = { ...(labelSelector && { labelSelector }), ...(fieldSelector && { fieldSelector }) };
  return [
    { ...shared, ...selectors, kind: 'Node', path: '/api/v1/nodes', slim: (native) => slimNode(native as NativeNode) },
    {
      ...shared,
      kind: 'StorageClass',
      path: '/apis/storage.k8s.io/v1/storageclasses',
      slim: (native) => slimStorageClass(native as Identified & NativeStorageClass),
    },
    ...chain.kinds.map(({ kind, path, slim }) => ({ ...shared, kind, path, slim })),
  ];
}

/** One stream of all kinds. Each batch carries the places of all, so that any batch is a point to go on from. */
async function* watchAll(
  kinds: readonly KindSource[],
  cluster: Stream<NativeBatch>,
  signal: AbortSignal,
  cursor: Cursor = {},
): AsyncGenerator<NativeBatch> {
  const places: Record<string, string> = { ...cursor };
  const streams = kinds.map(
    (source): Stream<NativeBatch> =>
      (until) =>
        reflect(source, until, cursor[source.kind]),
  );
  for await (const batch of merge([...streams, cluster], signal)) {
    for (const event of batch.events) if (event.type === 'begin') delete places[event.kind];
    Object.assign(places, batch.cursor);
    yield { events: batch.events, cursor: { ...places } };
  }
}
