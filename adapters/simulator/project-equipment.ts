import type { ResourceValue } from '#schema/inventory/resource.js';
import type { ConnectContext, Projected } from '../contract.js';
import type { Component, Equipment } from './o-cloud/api.js';

/** Extensions of a resource that are the O-Cloud's own: shown, never written. */
export const equipmentFacts = ['administrativeState', 'health', 'hostname', 'rack', 'unit'] as const;

const none: never[] = [];

/** Makes a resource of equipment, with its components nested in it: resources of their own, `<equipment>/<slot>`. */
export function projectEquipment(context: ConnectContext): (equipment: Equipment) => Projected<'Resource'> {
  // A hundred types and some hundred pools are named by every resource: their ids are made once, and the text is shared.
  const typeId = remembered((model) => context.idOf('ResourceType', model));
  const poolId = remembered((pool) => context.idOf('ResourcePool', pool));

  const element = (equipment: Equipment, { slot, model, serial }: Component): ResourceValue => ({
    resourceId: context.idOf('Resource', `${equipment.id}/${slot}`),
    resourcePoolId: poolId(equipment.pool),
    resourceTypeId: typeId(model),
    globalAssetId: serial,
    description: describeSlot(slot),
    tags: none,
    groups: none,
    extensions: { slot },
    elements: none,
  });

  return (equipment) => {
    const value = {
      resourcePoolId: poolId(equipment.pool),
      resourceTypeId: typeId(equipment.model),
      globalAssetId: equipment.assetTag,
      description: equipment.summary,
      tags: [...equipment.tags],
      groups: [...equipment.groups],
      extensions: {
        ...(equipment.attributes as NonNullable<ResourceValue['extensions']>),
        administrativeState: equipment.locked ? 'locked' : 'unlocked',
        health: equipment.health,
        hostname: equipment.hostname,
        rack: equipment.rack,
        unit: equipment.unit,
      },
      elements: equipment.components.map((component) => element(equipment, component)),
    };
    return { value, tenant: equipment.owner };
  };
}

const parts: Readonly<Record<string, string>> = {
  cpu: 'Processor',
  mem: 'Memory',
  nic: 'Network adapter',
  acc: 'Accelerator',
  ptp: 'PTP hardware clock',
  drv: 'Drives, shelf',
  opt: 'Transceivers, group',
};

const describeSlot = remembered((slot) => `${parts[slot.slice(0, 3)] ?? 'Component'} ${slot.slice(3)}`);

function remembered(make: (of: string) => string): (of: string) => string {
  const made = new Map<string, string>();
  return (of) => {
    const known = made.get(of);
    if (known !== undefined) return known;
    const fresh = make(of);
    made.set(of, fresh);
    return fresh;
  };
}
