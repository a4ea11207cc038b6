/** What projections read of a Node. Heartbeats, images, annotations and managed fields are left behind. */
export interface SlimNode {
  readonly name: string;
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cordoned: boolean;
  readonly taints: readonly Taint[];
  readonly providerId: string | undefined;
  /** Status by type of condition: `{ Ready: 'True' }`. */
  readonly conditions: Readonly<Record<string, string>>;
  readonly addresses: readonly Address[];
  readonly capacity: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly info: Readonly<Record<string, string>>;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface Address {
  readonly type: string;
  readonly address: string;
}

/** The parts of a Node as the API sends it that are looked at; a Node that no kubelet has reported on yet has few of them. */
export interface NativeNode {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp?: string;
    readonly labels?: Record<string, string>;
  };
  readonly spec?: {
    readonly unschedulable?: boolean;
    readonly providerID?: string;
    readonly taints?: readonly Taint[];
  };
  readonly status?: {
    readonly capacity?: Record<string, string>;
    readonly allocatable?: Record<string, string>;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly addresses?: readonly Address[];
    readonly nodeInfo?: Record<string, string>;
  };
}

const infoKeys = [
  'architecture',
  'operatingSystem',
  'osImage',
  'kernelVersion',
  'containerRuntimeVersion',
  'kubeletVersion',
  'systemUUID',
];

export function slimNode({ metadata, spec = {}, status = {} }: NativeNode): SlimNode {
  const nodeInfo = status.nodeInfo ?? {};
  return {
    name: metadata.name,
    createdAt: metadata.creationTimestamp ?? '',
    labels: metadata.labels ?? {},
    cordoned: spec.unschedulable === true,
    taints: (spec.taints ?? []).map(({ key, value, effect }) => ({
      key,
      ...(value === undefined ? {} : { value }),
      effect,
    })),
    providerId: spec.providerID || undefined,
    conditions: Object.fromEntries((status.conditions ?? []).map((condition) => [condition.type, condition.status])),
    addresses: (status.addresses ?? []).map(({ type, address }) => ({ type, address })),
    capacity: status.capacity ?? {},
    allocatable: status.allocatable ?? {},
    info: Object.fromEntries(infoKeys.flatMap((key) => (nodeInfo[key] ? [[key, nodeInfo[key]]] : []))),
  };
}

export function architectureOf(node: SlimNode): string {
  return node.info['architecture'] ?? node.labels['kubernetes.io/arch'] ?? 'unknown';
}

export function operatingSystemOf(node: SlimNode): string {
  return node.info['operatingSystem'] ?? node.labels['kubernetes.io/os'] ?? 'unknown';
}

export function instanceTypeOf(node: SlimNode): string | undefined {
  return (
    node.labels['node.kubernetes.io/instance-type'] || node.labels['beta.kubernetes.io/instance-type'] || undefined
  );
}

export function zoneOf(node: SlimNode): string | undefined {
  return (
    node.labels['topology.kubernetes.io/zone'] || node.labels['failure-domain.beta.kubernetes.io/zone'] || undefined
  );
}

const rolePrefix = 'node-role.kubernetes.io/';

/** Roles the node carries, `control-plane` under any of its names first, then by name; empty for a plain worker of kubeadm. */
export function rolesOf(node: SlimNode): readonly string[] {
  const roles = Object.keys(node.labels).flatMap((key) =>
    key.startsWith(rolePrefix) ? [key.slice(rolePrefix.length)] : [],
  );
  const own = new Set(roles.map((role) => (role === 'master' || role === 'controlplane' ? 'control-plane' : role)));
  const rank = (role: string) => (role === 'control-plane' ? 0 : role === 'worker' ? 2 : 1);
  return [...own].filter((role) => role !== '').sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}
