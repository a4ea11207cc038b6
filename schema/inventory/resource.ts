import { z } from 'zod';
import { identifier, keyValuePairs, text } from '../attributes.js';
import { defineObject, one } from '../object.js';
import { asModelled } from '../presenter.js';

const shape = {
  resourceId: identifier('Identifies the resource.'),
  resourcePoolId: identifier('Pool it belongs to.', true),
  resourceTypeId: identifier('Its type.', true),
  globalAssetId: text('Serial or asset number, when it is an identifiable asset.', 255)
    .optional()
    .meta({ index: true }),
  description: text('What the resource is.'),
  tags: z.array(text('A tag.', 255)).describe('Words that mark the resource.').meta({ index: true }),
  groups: z.array(text('A group.', 255)).describe('Groups it belongs to.').meta({ index: true }),
  extensions: keyValuePairs('Further attributes.').optional(),
};

/** A resource with its nested elements (CPU, memory, NIC, …), which are resources themselves. */
export type ResourceValue = z.output<z.ZodObject<typeof shape>> & { elements: ResourceValue[] };

const model = z
  .object({
    ...shape,
    get elements(): z.ZodType<ResourceValue[]> {
      return z.array(model).describe('Resources nested in this one.');
    },
  })
  .meta({ id: 'Resource', description: 'A resource (ResourceInfo, O2-IMS TS 3.2).' });

const attributes = asModelled(
  'resourceId',
  'resourcePoolId',
  'resourceTypeId',
  'globalAssetId',
  'description',
  'elements',
  'tags',
  'groups',
  'extensions',
);
const routes = {
  list: '/resourcePools/{resourcePoolId}/resources',
  get: '/resourcePools/{resourcePoolId}/resources/{resourceId}',
};
const shared = {
  type: 'ResourceInfo',
  routes,
  attributes,
  defaultExcluded: ['elements', 'extensions'],
  nested: ['elements'],
};

export const Resource = defineObject({
  name: 'Resource',
  collection: 'resources',
  key: 'resourceId',
  parent: 'resourcePoolId',
  nested: 'elements',
  model,
  relations: {
    resourcePool: one('ResourcePool', 'resourcePoolId'),
    resourceType: one('ResourceType', 'resourceTypeId'),
  },
  presenters: [
    { api: 'o2ims-infrastructureInventory', major: 'v2', ...shared },
    { api: 'o2ims-infrastructureInventory', major: 'v1', ...shared },
  ],
});

const AdministrativeState = z
  .enum(['locked', 'unlocked'])
  .meta({ id: 'AdministrativeState', description: 'Locked resources take no new work (a cordoned node).' });

/** What a consumer writes of a resource; the rest is the backend's. `administrativeState` is shown among the extensions. */
export const ResourceWritable = z.object({
  ...z.object(shape).pick({
    resourcePoolId: true,
    resourceTypeId: true,
    globalAssetId: true,
    description: true,
    tags: true,
    groups: true,
    extensions: true,
  }).shape,
  administrativeState: AdministrativeState.optional(),
});
