import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { apiClient } from './api-client.js';
import { startChild, type Child } from './child.js';
import { freePort } from './free-port.js';

/** Where one cluster lives and how it is set. */
export interface Layout {
  /** The folder of the built programs. */
  peers: string;
  /** The folder of this cluster's data, keys and logs. */
  folder: string;
  /** URLs on loopback. */
  etcd: string;
  apiServer: string;
  compactionInterval: string;
  watchCache: boolean;
  /** Notes what the user `netweave` asks. */
  audited: boolean;
}

/** Bearer tokens by the name of their kubeconfig context. */
export const tokens = { admin: 'admin-token', gateway: 'gateway-token' };
const readyWithin = 90_000;

/** The folder of the built programs; throws, with the command that builds them, when one is missing. */
export async function builtPeers(): Promise<string> {
  const script = pathToFileURL(join(import.meta.dirname, '../../../scripts/peers.mjs')).href;
  const { missingPeers, peersFolder } = (await import(script)) as Record<'missingPeers' | 'peersFolder', () => string>;
  if (missingPeers().length === 0) return peersFolder();
  throw new Error(`The Kubernetes test peers are not built (once, 5 minutes). Run: node scripts/peers.mjs`);
}

/** Asks until `ready` says so; a fault means not yet. Ends a server that does not get there. */
async function becomesReady(child: Child, what: string, ready: () => Promise<boolean>): Promise<Child> {
  const giveUp = Date.now() + readyWithin;
  let fault: unknown;
  while (child.alive && Date.now() < giveUp) {
    try {
      if (await ready()) return child;
    } catch (cause) {
      fault = cause;
    }
    await sleep(100);
  }
  const how = child.alive ? `was not ready within ${readyWithin / 1000} s (${String(fault)})` : 'ended';
  await child.kill();
  throw new Error(`${what} ${how}; ${child.logTail()}`);
}

export async function startEtcd({ peers, folder, etcd }: Layout): Promise<Child> {
  const peer = `http://127.0.0.1:${await freePort()}`;
  const args = [
    ...['--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync', '--log-level', 'warn'],
    ...['--listen-client-urls', etcd, '--advertise-client-urls', etcd],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
  ];
  const child = startChild(join(peers, 'etcd'), args, join(folder, 'etcd.log'));
  return becomesReady(child, 'etcd', async () => (await fetch(`${etcd}/health`)).ok);
}

/** Keys and tokens that `startApiServer` reads. */
export function writeIdentities(folder: string): void {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(folder, 'sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
  writeFileSync(join(folder, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  const users = [`${tokens.admin},admin,admin,"system:masters"`, `${tokens.gateway},netweave,netweave`];
  writeFileSync(join(folder, 'tokens.csv'), `${users.join('\n')}\n`);
}

/** PEM of the authority that signed the API server's certificate; both are made at its first start. */
export function authority(folder: string): string {
  return readFileSync(join(folder, 'certs/apiserver.crt'), 'utf8');
}

async function isReady(url: string, ca: string): Promise<boolean> {
  const client = apiClient(url, ca, tokens.admin);
  try {
    return (await client.text('GET', '/readyz')) === 'ok';
  } finally {
    client.close();
  }
}

const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['ResponseStarted', 'ResponseComplete', 'Panic'],
  rules: [{ level: 'Metadata', users: ['netweave'] }, { level: 'None' }],
};

function auditArgs(folder: string): readonly string[] {
  const policy = join(folder, 'audit-policy.yaml');
  writeFileSync(policy, JSON.stringify(auditPolicy)); // JSON is YAML
  return [
    `--audit-policy-file=${policy}`,
    `--audit-log-path=${join(folder, 'audit.log')}`,
    '--audit-log-mode=blocking',
  ];
}

/** A request of the user `netweave`, as the API server saw it. */
export interface Asked {
  /** `get`, `list`, `watch` … */
  readonly verb: string;
  /** With its query. */
  readonly path: string;
}

/** What the user `netweave` asked, in order. */
export function readAudit(folder: string): readonly Asked[] {
  const lines = readFileSync(join(folder, 'audit.log'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const { verb, requestURI: path } = JSON.parse(line) as { verb: string; requestURI: string };
    return { verb, path };
  });
}

export function startApiServer(layout: Layout): Promise<Child> {
  const { peers, folder, etcd, apiServer, compactionInterval, watchCache, audited } = layout;
  const args = [
    ...[`--etcd-servers=${etcd}`, `--etcd-compaction-interval=${compactionInterval}`],
    ...[`--secure-port=${new URL(apiServer).port}`, '--bind-address=127.0.0.1', `--cert-dir=${folder}/certs`],
    ...['--service-cluster-ip-range=10.0.0.0/24', '--service-account-issuer=https://kubernetes.default.svc'],
    ...[`--service-account-key-file=${folder}/sa.pub`, `--service-account-signing-key-file=${folder}/sa.key`],
    ...['--authorization-mode=RBAC', `--token-auth-file=${folder}/tokens.csv`, '--allow-privileged=true'],
    ...['--disable-admission-plugins=ServiceAccount', `--watch-cache=${watchCache}`],
    ...(audited ? auditArgs(folder) : []),
  ];
  const child = startChild(join(peers, 'kube-apiserver'), args, join(folder, 'kube-apiserver.log'));
  return becomesReady(child, 'kube-apiserver', () => isReady(apiServer, authority(folder)));
}

export async function startKwok({ peers, folder }: Layout, kubeconfig: string): Promise<Child> {
  const address = `127.0.0.1:${await freePort()}`;
  const config = join(peers, 'kwok-stages.yaml');
  const nodes = ['--manage-all-nodes=true', '--node-lease-duration-seconds=40'];
  const args = [...nodes, `--kubeconfig=${kubeconfig}`, `--config=${config}`, `--server-address=${address}`];
  const child = startChild(join(peers, 'kwok'), args, join(folder, 'kwok.log'));
  return becomesReady(child, 'kwok', async () => (await fetch(`http://${address}/healthz`)).ok);
}
