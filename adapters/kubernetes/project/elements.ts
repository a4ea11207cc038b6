import { architectureOf, type SlimNode } from '../natives/node.js';
import { formatBytes, isPositive, parseQuantity } from '../natives/quantity.js';
import { kindOf, providerOf } from './machine.js';
import type { ResourceTypeValue } from './values.js';

/** A part of a node that is a resource of its own. */
export interface Element {
  /** Kubernetes' name of the resource: `cpu`, `hugepages-1Gi`, `nvidia.com/gpu` … */
  readonly resource: string;
  readonly description: string;
  readonly capacity: string;
  readonly allocatable: string;
  readonly typeKey: string;
}

const hugePages = 'hugepages-';
const disk = 'ephemeral-storage';

/** CPU, memory, huge pages, devices and the disk of a node, in that order; what it has none of is left out. */
export function elementsOf(node: SlimNode): readonly Element[] {
  return partsOf(node).map((resource) => {
    const capacity = node.capacity[resource]!;
    return {
      resource,
      description: describe(resource, capacity),
      capacity,
      allocatable: node.allocatable[resource] ?? '0',
      typeKey: typeKeyOf(resource, node),
    };
  });
}

/** Extended resources, which have a domain in their name. */
export function devicesOf(node: SlimNode): readonly string[] {
  return partsOf(node).filter((resource) => resource.includes('/'));
}

/** The types of a node's elements by key. */
export function elementTypesOf(node: SlimNode): readonly (readonly [key: string, make: () => ResourceTypeValue])[] {
  return partsOf(node).map((resource) => [typeKeyOf(resource, node), () => typeOf(resource, node)] as const);
}

function partsOf({ capacity }: SlimNode): readonly string[] {
  const present = Object.keys(capacity).filter((resource) => rankOf(resource) < 5 && isPositive(capacity[resource]));
  return present.sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
}

function rankOf(resource: string): number {
  if (resource === 'cpu') return 0;
  if (resource === 'memory') return 1;
  if (resource.startsWith(hugePages)) return 2;
  if (resource.includes('/')) return 3;
  return resource === disk ? 4 : 5;
}

function describe(resource: string, capacity: string): string {
  if (resource === 'cpu') return `${capacity} CPUs`;
  const gib = (parseQuantity(capacity) / 2 ** 30).toFixed(1);
  if (resource === 'memory') return `${gib} GiB of memory`;
  if (resource === disk) return `${gib} GiB of local disk`;
  if (!resource.startsWith(hugePages)) return `${capacity} × ${resource}`;
  return `${formatBytes(parseQuantity(capacity))} in huge pages of ${resource.slice(hugePages.length)}`;
}

function typeKeyOf(resource: string, node: SlimNode): string {
  const kind = kindOf(node);
  return resource === 'cpu' ? `cpu/${architectureOf(node)}/${kind}` : `${resource}/${kind}`;
}

function typeOf(resource: string, node: SlimNode): ResourceTypeValue {
  const shared = { vendor: 'unknown', version: 'unknown', resourceKind: kindOf(node), extensions: { resource } };
  if (resource === 'cpu') {
    const model = architectureOf(node);
    return {
      ...shared,
      name: `CPU ${model}`,
      description: `Processors of ${providerOf(node)} nodes.`,
      model,
      resourceClass: 'COMPUTE',
    };
  }
  if (resource === disk)
    return { ...shared, name: 'Local disk', description: 'Disk of a node.', model: resource, resourceClass: 'STORAGE' };
  if (resource === 'memory')
    return { ...shared, name: 'Memory', description: 'Memory of a node.', model: resource, resourceClass: 'COMPUTE' };
  if (resource.startsWith(hugePages)) {
    const name = `Huge pages ${resource.slice(hugePages.length)}`;
    return {
      ...shared,
      name,
      description: 'Memory set aside in huge pages.',
      model: resource,
      resourceClass: 'COMPUTE',
    };
  }
  const [vendor, model] = [resource.slice(0, resource.indexOf('/')), resource.slice(resource.indexOf('/') + 1)];
  return {
    ...shared,
    name: resource,
    description: `Devices a plugin announces as ${resource}.`,
    vendor,
    model,
    resourceClass: classOf(resource),
  };
}

const compute = /gpu|tpu|gaudi|neuron|fpga|acc100|fec|qat|dsa|mig-/;
const networking = /sriov|netdevice|rdma|dpdk|vfio|roce|hca|ena|smartnic|dpu/;

function classOf(resource: string): ResourceTypeValue['resourceClass'] {
  if (networking.test(resource)) return 'NETWORKING';
  return compute.test(resource) ? 'COMPUTE' : 'UNDEFINED';
}
