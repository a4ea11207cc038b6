import type { GroupProjection } from '../../contract.js';
import { architectureOf, instanceTypeOf, operatingSystemOf, type SlimNode } from '../natives/node.js';
import type { SlimStorageClass } from '../natives/storage-class.js';
import { devicesOf, elementTypesOf } from './elements.js';
import { kindOf, providerOf } from './machine.js';
import type { ResourceTypeValue } from './values.js';

/** Key of a node's type: nodes that are alike in architecture, OS, instance type, devices and kind share it. */
export function nodeTypeKey(node: SlimNode): string {
  const { architecture, operatingSystem, instanceType, devices } = traitsOf(node);
  return ['node', providerOf(node), kindOf(node), architecture, operatingSystem, instanceType ?? '', ...devices].join(
    '/',
  );
}

/** Types are what nodes, their elements and the storage classes are made after; each lives as long as somebody has it. */
export function projectTypes(): GroupProjection<'ResourceType'> {
  const known = new Map<string, ResourceTypeValue>();
  const shared = (key: string, make: () => ResourceTypeValue): readonly [string, ResourceTypeValue] => {
    const value = known.get(key) ?? make();
    known.set(key, value);
    return [key, value];
  };
  return {
    contribute: {
      Node: (node: SlimNode) => [
        shared(nodeTypeKey(node), () => nodeType(node)),
        ...elementTypesOf(node).map(([key, make]) => shared(key, make)),
      ],
      StorageClass: (storageClass: SlimStorageClass, uid) => [[`storage-class/${uid}`, storageType(storageClass)]],
    },
    build: (_key, [first]) => ({ value: first as ResourceTypeValue, tenant: null }),
  };
}

function traitsOf(node: SlimNode) {
  return {
    architecture: architectureOf(node),
    operatingSystem: operatingSystemOf(node),
    instanceType: instanceTypeOf(node),
    devices: devicesOf(node),
  };
}

function nodeType(node: SlimNode): ResourceTypeValue {
  const { architecture, operatingSystem, instanceType, devices } = traitsOf(node);
  const platform = `${operatingSystem}/${architecture}`;
  const model = instanceType ?? platform;
  const equipment = devices.length > 0 ? ` with ${devices.join(', ')}` : '';
  return {
    name: devices.length > 0 ? `${model} + ${devices.join(' + ')}`.slice(0, 255) : model,
    description: `Kubernetes node of type ${model} (${platform})${equipment}.`,
    vendor: providerOf(node),
    model,
    version: platform,
    resourceKind: kindOf(node),
    resourceClass: 'COMPUTE',
    extensions: {
      architecture,
      operatingSystem,
      devices: [...devices],
      ...(instanceType === undefined ? {} : { instanceType }),
    },
  };
}

function storageType({ name, provisioner, ...more }: SlimStorageClass): ResourceTypeValue {
  const { parameters, reclaimPolicy, volumeBindingMode, allowVolumeExpansion, isDefault } = more;
  return {
    name,
    description: `Volumes made by ${provisioner}${isDefault ? '; the default of the cluster' : ''}.`,
    vendor: provisioner,
    model: name,
    version: 'unknown',
    resourceKind: 'LOGICAL',
    resourceClass: 'STORAGE',
    extensions: {
      storageClass: name,
      provisioner,
      parameters,
      reclaimPolicy,
      volumeBindingMode,
      allowVolumeExpansion,
      isDefault,
    },
  };
}
