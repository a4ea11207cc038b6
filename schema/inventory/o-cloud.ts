import { z } from 'zod';
import { identifier, keyValuePairs, text } from '../attributes.js';
import { defineObject } from '../object.js';
import { asModelled } from '../presenter.js';

const model = z
  .object({
    oCloudId: identifier('Assigned by the O-Cloud.'),
    globalCloudId: identifier('Assigned by the SMO.'),
    name: text('Name of the O-Cloud.', 255),
    description: text('What the O-Cloud is.'),
    serviceUri: z.string().max(2048).describe('apiRoot of the O2-IMS services.'),
    extensions: keyValuePairs('Further attributes.').optional(),
  })
  .meta({ id: 'OCloud', description: 'The O-Cloud itself (CloudInfo, O2-IMS TS 3.2).' });

const shared = asModelled('oCloudId', 'globalCloudId', 'name', 'description', 'serviceUri', 'extensions');

export const OCloud = defineObject({
  name: 'OCloud',
  collection: 'oClouds',
  key: 'oCloudId',
  singleton: true,
  model,
  relations: {},
  presenters: [
    {
      api: 'o2ims-infrastructureInventory',
      major: 'v2',
      type: 'CloudInfo',
      routes: { get: '/' },
      attributes: shared,
      defaultExcluded: ['extensions'],
    },
    {
      api: 'o2ims-infrastructureInventory',
      major: 'v1',
      type: 'CloudInfo',
      routes: { get: '/' },
      // The spelling of v03 to v07; both stand in v1.
      attributes: { ...shared, globalcloudId: 'globalCloudId' },
      defaultExcluded: ['extensions'],
    },
  ],
});
