import { z } from 'zod';
import { identifier, keyValuePairs, text } from '../attributes.js';
import { defineObject, many, one } from '../object.js';
import { asModelled } from '../presenter.js';

const model = z
  .object({
    resourcePoolId: identifier('Identifies the pool.'),
    name: text('Name of the pool.', 255).meta({ index: true }),
    description: text('What the pool is for.'),
    oCloudSiteId: identifier('Site where the pool stands.', true),
    oCloudId: identifier('The O-Cloud it belongs to (deprecated in v2, still mandatory).'),
    globalLocationId: identifier('Location of its site (deprecated in v2, still mandatory).', true),
    location: text('Location in words (deprecated).', 255).optional(),
    extensions: keyValuePairs('Further attributes.').optional(),
  })
  .meta({ id: 'ResourcePool', description: 'A pool of resources (ResourcePoolInfo, O2-IMS TS 3.2).' });

const shared = asModelled(
  'resourcePoolId',
  'name',
  'description',
  'oCloudId',
  'globalLocationId',
  'location',
  'extensions',
);
const routes = { list: '/resourcePools', get: '/resourcePools/{resourcePoolId}' };

export const ResourcePool = defineObject({
  name: 'ResourcePool',
  collection: 'resourcePools',
  key: 'resourcePoolId',
  model,
  relations: {
    site: one('OCloudSite', 'oCloudSiteId'),
    location: one('Location', 'globalLocationId'),
    resources: many('Resource', 'resourcePoolId'),
  },
  presenters: [
    {
      api: 'o2ims-infrastructureInventory',
      major: 'v2',
      type: 'ResourcePoolInfo',
      routes,
      attributes: { ...shared, oCloudSiteId: 'oCloudSiteId' },
      defaultExcluded: ['extensions'],
    },
    {
      api: 'o2ims-infrastructureInventory',
      major: 'v1',
      type: 'ResourcePoolInfo',
      routes,
      attributes: shared,
      defaultExcluded: ['extensions'],
    },
    {
      api: 'o2ims',
      major: 'v1',
      type: 'ResourcePool',
      routes,
      attributes: asModelled('resourcePoolId', 'name', 'description', 'location', 'oCloudId', 'extensions'),
      defaultExcluded: [],
      envelope: 'items',
    },
  ],
});

/** What a consumer writes of a pool; the rest is the backend's. */
export const ResourcePoolWritable = model.pick({
  name: true,
  description: true,
  oCloudSiteId: true,
  location: true,
  extensions: true,
});
