import { z } from 'zod';
import { identifier, keyValuePairs, text } from '../attributes.js';
import { defineObject, many, one } from '../object.js';
import { asModelled } from '../presenter.js';

const model = z
  .object({
    oCloudSiteId: identifier('Identifies the site.'),
    globalLocationId: identifier('Location of the site.', true),
    name: text('Name of the site.', 255).meta({ index: true }),
    description: text('What the site is.'),
    resourcePools: z
      .array(identifier('A pool.'))
      .describe('Pools of the site.')
      .meta({ derived: { object: 'ResourcePool', by: 'oCloudSiteId' }, mandatory: true }),
    extensions: keyValuePairs('Further attributes.').optional(),
  })
  .meta({ id: 'OCloudSite', description: 'A site of the O-Cloud (OCloudSiteInfo, O2-IMS TS 3.2).' });

const shared = {
  type: 'OCloudSiteInfo',
  routes: { list: '/oCloudSites', get: '/oCloudSites/{oCloudSiteId}' },
  attributes: asModelled('oCloudSiteId', 'globalLocationId', 'name', 'description', 'resourcePools', 'extensions'),
  defaultExcluded: ['extensions'],
};

export const OCloudSite = defineObject({
  name: 'OCloudSite',
  collection: 'oCloudSites',
  key: 'oCloudSiteId',
  model,
  relations: { location: one('Location', 'globalLocationId'), resourcePools: many('ResourcePool', 'oCloudSiteId') },
  presenters: [
    { api: 'o2ims-infrastructureInventory', major: 'v2', ...shared },
    { api: 'o2ims-infrastructureInventory', major: 'v1', ...shared },
  ],
});
