import type { SlimNode } from '../natives/node.js';

// Schemes of providerID. Those that can be either (k3s, rke2, kind …) are in neither list.
const physical = new Set([
  'metal3',
  'baremetal',
  'baremetalhost',
  'tinkerbell',
  'equinixmetal',
  'packet',
  'maas',
  'ironic',
]);
const virtual = new Set([
  'aws',
  'gce',
  'azure',
  'openstack',
  'vsphere',
  'digitalocean',
  'linode',
  'ibm',
  'oci',
  'alicloud',
  'hcloud',
  'scaleway',
  'kubevirt',
  'nutanix',
]);

/** Who provided the machine, as the cloud controller wrote it into the node: `aws`, `metal3` …; `unknown` without one. */
export function providerOf({ providerId }: SlimNode): string {
  const at = providerId?.indexOf('://') ?? -1;
  return at > 0 ? providerId!.slice(0, at) : 'unknown';
}

/** Whether a node is a machine or a virtual one; UNDEFINED where nothing tells. */
export function kindOf(node: SlimNode): 'PHYSICAL' | 'LOGICAL' | 'UNDEFINED' {
  const provider = providerOf(node);
  if (physical.has(provider)) return 'PHYSICAL';
  return virtual.has(provider) ? 'LOGICAL' : 'UNDEFINED';
}
