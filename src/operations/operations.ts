import { objects } from '#schema/objects.js';
import { permissionsOf } from '#schema/permissions.js';
import { metricsPermission } from '../access/policy.js';
import { deploymentManagers } from './ims/deployment-managers.js';
import { inventorySubscriptions } from './ims/inventory-subscriptions.js';
import { locations } from './ims/locations.js';
import { oCloudSites } from './ims/o-cloud-sites.js';
import { oClouds } from './ims/o-clouds.js';
import { resourcePools } from './ims/resource-pools.js';
import { resources } from './ims/resources.js';
import { resourceTypes } from './ims/resource-types.js';
import type { Operation } from './operation.js';
import { audit } from './own/audit.js';
import { backup } from './own/backup.js';

/** Every operation there is: one line for each object. */
export const operations = [
  ...oClouds,
  ...locations,
  ...oCloudSites,
  ...resourceTypes,
  ...resourcePools,
  ...resources,
  ...deploymentManagers,
  ...inventorySubscriptions,
  ...audit,
  ...backup,
] as const;

export type AnyOperation = (typeof operations)[number];

/** The same list, for those who need no more than what every operation has. */
export const allOperations = operations as readonly unknown[] as readonly Operation[];

/** Every permission that exists: of operations, of attributes that need one of their own, and of metrics. */
export const allPermissions: ReadonlySet<string> = new Set([
  ...allOperations.map((each) => each.permission),
  ...Object.values(objects).flatMap((definition) => permissionsOf(definition.model).map((each) => each.permission)),
  metricsPermission,
]);
