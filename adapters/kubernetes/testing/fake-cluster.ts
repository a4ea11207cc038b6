import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectName } from '#schema/objects.js';
import type { ConnectContext, Connection, NativeBatch } from '../../contract.js';
import { objectId } from '../../kit/identity.js';
import { materialise } from '../../kit/materialise.js';
import { kubernetesConfig } from '../config.js';
import { connect } from '../connect.js';
import { type FakeApiServer, type FakeObject, kubeconfigOf, startFakeApiServer } from './fake-api-server.js';
import { usualTiming } from '../reflector/timing.js';

export const oCloudId = 'f0a7b3f0-0000-4000-8000-000000000001';
export const nodesPath = '/api/v1/nodes';
export const classesPath = '/apis/storage.k8s.io/v1/storageclasses';

/** A context whose sites are named after their zones. */
export const context: ConnectContext = {
  key: 'edge',
  oCloudId,
  idOf: (object, identity) => objectId(oCloudId, 'edge', object, identity),
  siteOf: (zone) => ({ oCloudSiteId: `site-${zone ?? 'default'}`, globalLocationId: `place-${zone ?? 'default'}` }),
  log: () => undefined,
};

/** The rows of the instance by id, as the kit makes them from what the watch brings. */
export interface Rows {
  readonly rows: Map<string, { readonly object: ObjectName; readonly value: Record<string, unknown> }>;
  readonly complete: Set<ObjectName>;
  readonly batches: NativeBatch[];
  feed(events: NativeBatch['events']): void;
}

/** An adapter connected to a fake API server. */
export interface FakeCluster {
  readonly fake: FakeApiServer;
  readonly connection: Connection;
  /** Starts the watch; resolves when all four objects are complete. */
  follow(): Promise<Rows>;
  close(): Promise<void>;
}

export async function startFakeCluster(more: object = {}): Promise<FakeCluster> {
  const fake = await startFakeApiServer();
  const folder = mkdtempSync(join(tmpdir(), 'netweave-fake-cluster-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigOf(fake.url));
  const backoff = { first: 5, longest: 40, healthyAfter: 60_000 };
  const connection = await connect(kubernetesConfig.parse({ kubeconfig, ...more }), context, {
    ...usualTiming,
    backoff,
  });
  const stop = new AbortController();
  return {
    fake,
    connection,
    async follow() {
      const rows = rowsOf(connection);
      void (async () => {
        for await (const batch of connection.watch!(stop.signal, undefined)) {
          rows.feed(batch.events);
          rows.batches.push(batch);
        }
      })();
      await until(() => rows.complete.size === 4);
      return rows;
    },
    async close() {
      stop.abort();
      await connection.close();
      await fake.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function rowsOf(connection: Connection): Rows {
  const kit = materialise(oCloudId, 'edge', connection.project);
  const rows: Rows = {
    rows: new Map(),
    complete: new Set(),
    batches: [],
    feed(events) {
      for (const event of kit.apply(events)) {
        if (event.type === 'upsert') rows.rows.set(event.id, { object: event.object, value: event.value });
        else if (event.type === 'delete') rows.rows.delete(event.id);
        else if (event.type === 'complete') rows.complete.add(event.object);
      }
    },
  };
  return rows;
}

export function valuesOf({ rows }: Rows, object: ObjectName): Record<string, unknown>[] {
  return [...rows.values()].flatMap((row) => (row.object === object ? [row.value] : []));
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

export const inZone = (name: string) => ({ 'topology.kubernetes.io/zone': name });

interface NodeTraits {
  readonly labels?: Record<string, string>;
  readonly capacity?: Record<string, string>;
  readonly cordoned?: boolean;
  /** Time of the newest heartbeat. */
  readonly beat?: string;
}

/** A bare-metal Node as the API shows it. */
export function fakeNode(
  name: string,
  { labels = {}, capacity: more, cordoned, beat = 'now' }: NodeTraits = {},
): FakeObject {
  const storage = { 'ephemeral-storage': '900Gi', 'hugepages-1Gi': '32Gi', 'hugepages-2Mi': '0' };
  const capacity = { cpu: '64', memory: '256Gi', pods: '250', ...storage, ...more };
  const nodeInfo = { architecture: 'amd64', operatingSystem: 'linux', systemUUID: `asset-${name}`, bootID: 'b' };
  const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: beat }];
  return {
    metadata: { name, labels, annotations: { beat }, managedFields: [] },
    spec: { providerID: `metal3://${name}`, ...(cordoned ? { unschedulable: true } : {}) },
    status: { capacity, allocatable: capacity, conditions, addresses: [], nodeInfo, images: [] },
  };
}
