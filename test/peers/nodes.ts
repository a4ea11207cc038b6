import { createHash } from 'node:crypto';
import type { Cluster } from './cluster.js';

/** A Node as a kubelet reports it; what only the server sets (uid, resourceVersion, creationTimestamp) is not there. */
export interface NodeManifest {
  apiVersion: 'v1';
  kind: 'Node';
  metadata: {
    name: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
    managedFields: { manager: string; operation: 'Update'; [more: string]: unknown }[];
  };
  spec: { podCIDR: string; podCIDRs: string[]; providerID: string };
  status: {
    capacity: Record<string, string>;
    allocatable: Record<string, string>;
    conditions: { type: string; status: string; reason: string; message: string; [time: string]: string }[];
    addresses: { type: string; address: string }[];
    daemonEndpoints: { kubeletEndpoint: { Port: number } };
    nodeInfo: Record<string, string>;
    images: { names: string[]; sizeBytes: number }[];
  };
}

export interface NodeOptions {
  /** Added to the labels a kubelet and a cloud provider set. */
  labels?: Record<string, string>;
  /** `topology.kubernetes.io/zone`; `zone-a` when not given. */
  zone?: string;
  /** Cores; 64 when not given. */
  cpu?: number;
  /** GiB; 256 when not given. */
  memory?: number;
  /** Extended resources; 2 GPUs, 1 FEC accelerator and 16 virtual functions when not given. */
  devices?: Record<string, string>;
  /** The Ready condition; true when not given. */
  ready?: boolean;
  /** Bytes of compact JSON the manifest shall have. Real ones have 8 to 15 KB. */
  padTo?: number;
}

const reported = '2026-11-01T06:00:00Z';
const duDevices = { 'nvidia.com/gpu': '2', 'intel.com/intel_fec_acc100': '1', 'intel.com/sriov_du_mid': '16' };
const hex = (text: string): string => createHash('sha256').update(text).digest('hex');
const uuid = (text: string): string => hex(text).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');

// A kubelet reports at most 50, each by digest and by tag; nodes of one cluster mostly hold the same ones.
const images = Array.from({ length: 50 }, (_, index) => {
  const repository = `images.example.com/ran/${['du-high', 'du-low', 'cu-up', 'cu-cp', 'ptp-agent'][index % 5]}-${index}`;
  const names = [`${repository}@sha256:${hex(repository)}`, `${repository}:2026.${index}.1`];
  return { names, sizeBytes: 40_000_000 + index * 7_654_321 };
});

function conditions(ready: boolean): NodeManifest['status']['conditions'] {
  const times = { lastHeartbeatTime: reported, lastTransitionTime: '2026-10-20T11:12:13Z' };
  const pressure = [
    ['MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ['DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ['PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ] as const;
  const readiness = ready
    ? { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
    : { status: 'False', reason: 'KubeletNotReady', message: 'container runtime network not ready' };
  return [
    ...pressure.map(([type, reason, message]) => ({ type, status: 'False', ...times, reason, message })),
    { type: 'Ready', ...times, ...readiness },
  ];
}

function resources(cpu: number, memory: number, devices: Record<string, string>) {
  const kibi = memory * 1_035_001; // firmware and kernel keep some of every GiB
  const capacity = {
    cpu: `${cpu}`,
    memory: `${kibi}Ki`,
    'ephemeral-storage': '936553584Ki',
    'hugepages-1Gi': `${Math.floor(memory / 8)}Gi`,
    'hugepages-2Mi': '0',
    pods: '250',
    ...devices,
  };
  const kept = {
    cpu: `${cpu * 1000 - 500}m`,
    memory: `${Math.floor(kibi * 0.85)}Ki`,
    'ephemeral-storage': '863127782Ki',
  };
  return { capacity, allocatable: { ...capacity, ...kept } };
}

/** What the server notes as owned by a manager: `f:` keys down to the leaves, `k:` for lists that are keyed by type. */
function ownedFields(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return {};
  if (!Array.isArray(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [`f:${key}`, ownedFields(inner)]));
  const keyed = (value as { type?: string }[]).filter(({ type }) => type !== undefined);
  return Object.fromEntries(keyed.map((item) => [`k:{"type":"${item.type}"}`, { '.': {}, ...ownedFields(item) }]));
}

function managedFields({ metadata: { labels, annotations }, spec, status }: NodeManifest) {
  const entry = {
    manager: 'kubelet',
    operation: 'Update' as const,
    apiVersion: 'v1',
    time: reported,
    fieldsType: 'FieldsV1',
  };
  return [
    { ...entry, fieldsV1: ownedFields({ metadata: { labels, annotations }, spec }) },
    { ...entry, fieldsV1: ownedFields({ status }), subresource: 'status' },
  ];
}

/** Fills up with images as far as they fit, the rest with one annotation. */
function pad(node: NodeManifest, padTo: number): void {
  node.metadata.annotations['example.com/padding'] = '';
  let room = padTo - JSON.stringify(node).length;
  if (room < 0) throw new Error(`Node ${node.metadata.name} has ${padTo - room} bytes already; padTo is ${padTo}.`);
  for (const image of images.slice(node.status.images.length)) {
    const size = JSON.stringify(image).length + 1;
    if (size > room) break;
    node.status.images.push(image);
    room -= size;
  }
  node.metadata.annotations['example.com/padding'] = 'x'.repeat(room);
}

/** A believable Node of a DU server; the same name and options give the same manifest. */
export function makeNode(name: string, options: NodeOptions = {}): NodeManifest {
  const { labels = {}, zone = 'zone-a', cpu = 64, memory = 256, devices = duDevices, ready = true, padTo } = options;
  const octets = [0, 2, 4].map((at) => Number.parseInt(hex(name).slice(at, at + 2), 16));
  const podCIDR = `10.${octets[0]}.${octets[1]}.0/24`;
  const node: NodeManifest = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'node.kubernetes.io/instance-type': `du.${cpu}c${memory}g`,
        'topology.kubernetes.io/region': 'region-1',
        'topology.kubernetes.io/zone': zone,
        ...labels,
      },
      annotations: {
        'node.alpha.kubernetes.io/ttl': '0',
        'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
      },
      managedFields: [],
    },
    spec: { podCIDR, podCIDRs: [podCIDR], providerID: `baremetal:///${zone}/${uuid(`provider ${name}`)}` },
    status: {
      ...resources(cpu, memory, devices),
      conditions: conditions(ready),
      addresses: [
        { type: 'InternalIP', address: `10.${octets.join('.')}` },
        { type: 'Hostname', address: name },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: {
        architecture: 'amd64',
        bootID: uuid(`boot ${name}`),
        containerRuntimeVersion: 'containerd://2.2.1',
        kernelVersion: '6.12.0-rt-amd64',
        kubeProxyVersion: '',
        kubeletVersion: 'v1.36.3',
        machineID: hex(`machine ${name}`).slice(0, 32),
        operatingSystem: 'linux',
        osImage: 'Debian GNU/Linux 13 (trixie)',
        systemUUID: uuid(`system ${name}`),
      },
      images: images.slice(0, 5),
    },
  };
  node.metadata.managedFields = managedFields(node);
  if (padTo !== undefined) pad(node, padTo);
  return node;
}

/** POSTs Nodes with their status (a Node, unlike most kinds, may bring it along), `concurrency` at a time. */
export async function createNodes(cluster: Cluster, nodes: readonly NodeManifest[], concurrency = 8): Promise<void> {
  const waiting = nodes.values();
  const poster = async () => {
    for (const node of waiting) await cluster.request('POST', '/api/v1/nodes', node);
  };
  await Promise.all(Array.from({ length: concurrency }, poster));
}
