import { z } from 'zod';
import { identifier, keyValuePairs, text } from '../attributes.js';
import { defineObject, many } from '../object.js';
import { asModelled } from '../presenter.js';

const ResourceKind = z
  .enum(['UNDEFINED', 'PHYSICAL', 'LOGICAL'])
  .meta({ id: 'ResourceKind', description: 'Physical or logical resource.' });
const ResourceClass = z
  .enum(['UNDEFINED', 'COMPUTE', 'NETWORKING', 'STORAGE'])
  .meta({ id: 'ResourceClass', description: 'What the resource is for.' });

const model = z
  .object({
    resourceTypeId: identifier('Identifies the type.'),
    name: text('Name of the type.', 255).meta({ index: true }),
    description: text('What the type is.'),
    vendor: text('Vendor of the resource.', 255).meta({ index: true }),
    model: text('Model name of the vendor.', 255),
    version: text('Version of the model.', 255),
    alarmDictionaryId: identifier('Its alarm dictionary.').optional(),
    performanceDictionaryId: identifier('Its performance dictionary.').optional(),
    resourceKind: ResourceKind,
    resourceClass: ResourceClass,
    extensions: keyValuePairs('Further attributes.').optional(),
  })
  .meta({ id: 'ResourceType', description: 'A type of resource (ResourceTypeInfo, O2-IMS TS 3.2).' });

const shared = asModelled(
  'resourceTypeId',
  'name',
  'description',
  'vendor',
  'model',
  'version',
  'resourceKind',
  'resourceClass',
  'extensions',
);
const routes = { list: '/resourceTypes', get: '/resourceTypes/{resourceTypeId}' };

export const ResourceType = defineObject({
  name: 'ResourceType',
  collection: 'resourceTypes',
  key: 'resourceTypeId',
  model,
  relations: { resources: many('Resource', 'resourceTypeId') },
  presenters: [
    {
      api: 'o2ims-infrastructureInventory',
      major: 'v2',
      type: 'ResourceTypeInfo',
      routes,
      attributes: { ...shared, ...asModelled('alarmDictionaryId', 'performanceDictionaryId') },
      defaultExcluded: ['extensions'],
    },
    {
      api: 'o2ims-infrastructureInventory',
      major: 'v1',
      type: 'ResourceTypeInfo',
      routes,
      attributes: shared,
      defaultExcluded: ['extensions'],
    },
  ],
});
