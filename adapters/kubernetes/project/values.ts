import type { ValueOf } from '#schema/objects.js';

// Projected values without the identifying attribute, which the kit mints.
export type DeploymentManagerValue = Omit<ValueOf<'DeploymentManager'>, 'deploymentManagerId'>;
export type ResourceNodeValue = Omit<ValueOf<'Resource'>, 'resourceId'>;
export type ResourcePoolValue = Omit<ValueOf<'ResourcePool'>, 'resourcePoolId'>;
export type ResourceTypeValue = Omit<ValueOf<'ResourceType'>, 'resourceTypeId'>;
