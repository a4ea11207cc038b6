import type { ResourceValue } from '#schema/inventory/resource.js';
import type { ConnectContext, EachProjection } from '../../contract.js';
import { rolesOf, type SlimNode, zoneOf } from '../natives/node.js';
import { type Element, elementsOf } from './elements.js';
import type { PoolChain } from './pools/chain.js';
import { nodeTypeKey } from './resource-type.js';
import type { ResourceNodeValue } from './values.js';

/** A Node is a resource, known by its UID: a node that was deleted and created under the same name is another one. */
export function projectResources(context: ConnectContext, chain: PoolChain): EachProjection<'Resource'> {
  const ids = { pool: rememberIds(context, 'ResourcePool'), type: rememberIds(context, 'ResourceType') };
  return {
    each: 'Node',
    build(node: SlimNode, uid) {
      const resourcePoolId = ids.pool(chain.poolOf(node).key);
      const place = [node.labels['topology.kubernetes.io/region'], zoneOf(node)];
      const asset = node.info['systemUUID'];
      const value: ResourceNodeValue = {
        resourcePoolId,
        resourceTypeId: ids.type(nodeTypeKey(node)),
        ...(asset === undefined ? {} : { globalAssetId: asset }),
        description: `Kubernetes node ${node.name}`,
        tags: [...rolesOf(node)],
        groups: place.flatMap((name) => name || []),
        extensions: extensionsOf(node, uid),
        elements: elementsOf(node).map((element) => ({
          ...projectElement(context.idOf('Resource', `${uid}/${element.resource}`), element),
          resourcePoolId,
          resourceTypeId: ids.type(element.typeKey),
        })),
      };
      return { value, tenant: null };
    },
  };
}

/** Ids of the few pools and types that thousands of nodes refer to: each is a hash, made once. */
function rememberIds(context: ConnectContext, object: 'ResourcePool' | 'ResourceType'): (identity: string) => string {
  const known = new Map<string, string>();
  return (identity) => {
    const id = known.get(identity) ?? context.idOf(object, identity);
    known.set(identity, id);
    return id;
  };
}

/** An element has an id of its own, made of the node's UID and Kubernetes' name of the resource. */
function projectElement(resourceId: string, { resource, description, capacity, allocatable }: Element) {
  return {
    resourceId,
    description,
    tags: [],
    groups: [],
    extensions: { resource, capacity, allocatable },
    elements: [],
  };
}

const operationalStates: Readonly<Record<string, string>> = { True: 'enabled', False: 'disabled' };

function extensionsOf(node: SlimNode, uid: string): NonNullable<ResourceValue['extensions']> {
  return {
    name: node.name,
    uid,
    administrativeState: node.cordoned ? 'locked' : 'unlocked',
    operationalState: operationalStates[node.conditions['Ready'] ?? ''] ?? 'unknown',
    ...(node.providerId === undefined ? {} : { providerId: node.providerId }),
    createdAt: node.createdAt,
    labels: { ...node.labels },
    taints: node.taints.map((taint) => ({ ...taint })),
    conditions: { ...node.conditions },
    addresses: node.addresses.map((address) => ({ ...address })),
    capacity: { ...node.capacity },
    allocatable: { ...node.allocatable },
    nodeInfo: { ...node.info },
  };
}
