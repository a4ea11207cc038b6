import { z } from 'zod';
import { CivicAddressElement, identifier, keyValuePairs, Point, text } from '../attributes.js';
import { defineObject, many } from '../object.js';
import { asModelled } from '../presenter.js';

const model = z
  .object({
    globalLocationId: identifier('Identifies the location; assigned by the SMO.'),
    name: text('Name of the location.', 255).meta({ index: true }),
    description: text('What stands there.'),
    oCloudSiteIds: z
      .array(identifier('A site.'))
      .describe('Sites at this location.')
      .meta({ derived: { object: 'OCloudSite', by: 'globalLocationId' } }),
    coordinate: z.array(Point).optional().describe('Where it is.'),
    civicAddress: z.array(CivicAddressElement).optional().describe('Its civic address.'),
    address: text('Its address in words.').optional(),
    extensions: keyValuePairs('Further attributes.').optional(),
  })
  .meta({ id: 'Location', description: 'A place on earth (LocationInfo, O2-IMS TS 3.2).' });

const shared = {
  type: 'LocationInfo',
  routes: { list: '/locations', get: '/locations/{globalLocationId}' },
  attributes: asModelled(
    'globalLocationId',
    'name',
    'description',
    'oCloudSiteIds',
    'coordinate',
    'civicAddress',
    'address',
    'extensions',
  ),
  defaultExcluded: ['extensions'],
};

export const Location = defineObject({
  name: 'Location',
  collection: 'locations',
  key: 'globalLocationId',
  model,
  relations: { sites: many('OCloudSite', 'globalLocationId'), resourcePools: many('ResourcePool', 'globalLocationId') },
  presenters: [
    { api: 'o2ims-infrastructureInventory', major: 'v2', ...shared },
    { api: 'o2ims-infrastructureInventory', major: 'v1', ...shared },
  ],
});
