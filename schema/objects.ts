import type { z } from 'zod';
import type { ObjectDefinition } from './object.js';
import { DeploymentManager } from './inventory/deployment-manager.js';
import { InventorySubscription } from './inventory/inventory-subscription.js';
import { Location } from './inventory/location.js';
import { OCloud } from './inventory/o-cloud.js';
import { OCloudSite } from './inventory/o-cloud-site.js';
import { Resource } from './inventory/resource.js';
import { ResourcePool } from './inventory/resource-pool.js';
import { ResourceType } from './inventory/resource-type.js';

/** Every object there is: one line each. */
export const objects = {
  OCloud,
  Location,
  OCloudSite,
  ResourceType,
  ResourcePool,
  Resource,
  DeploymentManager,
  InventorySubscription,
} as const;

export type ObjectName = keyof typeof objects;

/** The value of an object, as its model says. */
export type ValueOf<N extends ObjectName> = z.output<(typeof objects)[N]['model']>;

export const objectNames = Object.keys(objects) as readonly ObjectName[];

/** The definition of a name that comes from outside the type system (stored documents, log entries). */
export function definitionOf(name: string): ObjectDefinition {
  const definition = (objects as Record<string, ObjectDefinition>)[name];
  if (!definition) throw new Error(`'${name}' is no object of this release.`);
  return definition;
}
