import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiClient, type ApiClient } from './api-client.js';
import type { Child } from './child.js';
import { freePort } from './free-port.js';
import { createNodes, makeNode } from './nodes.js';
import {
  authority,
  builtPeers,
  readAudit,
  startApiServer,
  startEtcd,
  startKwok,
  tokens,
  writeIdentities,
  type Asked,
  type Layout,
} from './servers.js';

export { createNodes, makeNode, type NodeManifest, type NodeOptions } from './nodes.js';

export interface ClusterOptions {
  /** How many Nodes, `node-0000` on, to create before `startCluster` returns; none when not given. */
  nodes?: number;
  /** Let kwok play their kubelets: they become Ready, keep leases, run pods. */
  kwok?: boolean;
  /** How often the API server compacts etcd by itself, as `90s`; never when not given. */
  compactionInterval?: string;
  /** Without it the API server asks etcd for every list and watch; true when not given, as everywhere. */
  watchCache?: boolean;
  /** Notes what the user `netweave` asks; false when not given. */
  audited?: boolean;
}

/** A Kubernetes API on loopback: etcd and kube-apiserver as they are, RBAC on, no controllers. */
export interface Cluster {
  readonly url: string;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  /** Path; contexts `admin` (current) and `gateway` (user `netweave`, no rights until RBAC objects give some). */
  readonly kubeconfig: string;
  /** Writes the same for a proxy on `port` of 127.0.0.1 and returns its path. */
  kubeconfigThrough(port: number): string;
  /** As the administrator; throws `ApiError`. */
  readonly request: ApiClient['json'];
  /** The same as user `netweave`. */
  readonly requestAsGateway: ApiClient['json'];
  /** Every series of the API server's `/metrics`, by its text as it stands there, labels included. */
  apiserverMetrics(): Promise<Map<string, number>>;
  /** What the user `netweave` asked so far, in order; throws unless the cluster is audited. */
  asked(): readonly Asked[];
  /** Forgets all history, so that whoever goes on from a resourceVersion or a `continue` of before gets a genuine 410.
   * A watch cache holds history too, so where there is one the API server is restarted: every connection ends. */
  compact(): Promise<void>;
  /** SIGSTOP: connections stay open, nothing is answered. */
  pauseApiServer(): void;
  resumeApiServer(): void;
  /** SIGKILL. */
  killApiServer(): Promise<void>;
  /** On the same port with the same data; kills it first where it runs. Resolves when it is ready. */
  restartApiServer(): Promise<void>;
  /** Resident MiB by process: `etcd`, `apiServer`, `kwok` (Linux only). */
  memory(): Record<string, number>;
  close(): Promise<void>;
}

/** A write of our own, so that even what was read a moment ago is older than the compaction. */
async function compactEtcd(etcd: string): Promise<void> {
  async function ask(path: string, body: object): Promise<{ header: { revision: string } }> {
    const response = await fetch(`${etcd}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd ${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as { header: { revision: string } };
  }
  const key = Buffer.from('/netweave/compaction').toString('base64');
  const { header } = await ask('/v3/kv/put', { key });
  await ask('/v3/kv/compaction', { revision: header.revision, physical: true });
}

function writeKubeconfig(path: string, url: string, ca: string): string {
  const cluster = { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'admin',
    clusters: [{ name: 'peer', cluster }],
    users: Object.entries(tokens).map(([name, token]) => ({ name, user: { token } })),
    contexts: Object.keys(tokens).map((name) => ({ name, context: { cluster: 'peer', user: name } })),
  };
  writeFileSync(path, JSON.stringify(config, null, 2)); // JSON is YAML
  return path;
}

function parseMetrics(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

function residentMiB({ pid }: Child): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
}

async function assemble(layout: Layout, children: Record<string, Child>, withKwok: boolean): Promise<Cluster> {
  const { folder, apiServer: url, etcd } = layout;
  writeIdentities(folder);
  children.etcd = await startEtcd(layout);
  children.apiServer = await startApiServer(layout);
  const ca = authority(folder);
  const kubeconfig = writeKubeconfig(join(folder, 'kubeconfig'), url, ca);
  if (withKwok) children.kwok = await startKwok(layout, kubeconfig);
  const admin = apiClient(url, ca, tokens.admin);
  const gateway = apiClient(url, ca, tokens.gateway);

  const killApiServer = () => children.apiServer!.kill();
  async function restartApiServer(): Promise<void> {
    await killApiServer();
    children.apiServer = await startApiServer(layout);
  }

  return {
    url,
    port: Number(new URL(url).port),
    ca,
    kubeconfig,
    kubeconfigThrough: (port) => writeKubeconfig(join(folder, `kubeconfig-${port}`), `https://127.0.0.1:${port}`, ca),
    request: admin.json,
    requestAsGateway: gateway.json,
    apiserverMetrics: async () => parseMetrics(await admin.text('GET', '/metrics')),
    asked: () => readAudit(folder),
    compact: async () => {
      await compactEtcd(etcd);
      if (layout.watchCache) await restartApiServer();
    },
    pauseApiServer: () => children.apiServer!.pause(),
    resumeApiServer: () => children.apiServer!.resume(),
    killApiServer,
    restartApiServer,
    memory: () => Object.fromEntries(Object.entries(children).map(([name, child]) => [name, residentMiB(child)])),
    close: async () => {
      admin.close();
      gateway.close();
      await end(layout, children);
    },
  };
}

async function end({ folder }: Layout, children: Record<string, Child>): Promise<void> {
  await Promise.all(Object.values(children).map((child) => child.kill()));
  rmSync(folder, { recursive: true, force: true });
}

/** Starts it (some 3 s); what it started and wrote is gone after `close()`, and after a start that failed. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { nodes = 0, kwok = false, compactionInterval = '0', watchCache = true, audited = false } = options;
  const layout: Layout = {
    peers: await builtPeers(),
    folder: mkdtempSync(join(tmpdir(), 'netweave-cluster-')),
    etcd: `http://127.0.0.1:${await freePort()}`,
    apiServer: `https://127.0.0.1:${await freePort()}`,
    compactionInterval,
    watchCache,
    audited,
  };
  const children: Record<string, Child> = {};
  try {
    const cluster = await assemble(layout, children, kwok);
    const names = Array.from({ length: nodes }, (_, index) => `node-${String(index).padStart(4, '0')}`);
    await createNodes(
      cluster,
      names.map((name) => makeNode(name)),
    );
    return cluster;
  } catch (fault) {
    await end(layout, children);
    throw fault;
  }
}
