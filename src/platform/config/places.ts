import { z } from 'zod';
import { CivicAddressElement, keyValuePairs, Point, text } from '#schema/attributes.js';

// An id that this gateway mints is a lowercase UUID; a configured one must look the same.
const uuid = (description: string) => z.guid().toLowerCase().describe(description);

export const OCloud = z.strictObject({
  oCloudId: uuid(
    'Identifies the O-Cloud; made once and kept in the store when absent. Every other id is derived from it.',
  ).optional(),
  globalCloudId: text('Assigned by the SMO.', 255).optional(),
  name: text('Name of the O-Cloud.', 255).default('netweave'),
  description: text('What the O-Cloud is.').default('O-Cloud behind netweave'),
  extensions: keyValuePairs('Further attributes.').optional(),
});

export const Location = z
  .strictObject({
    globalLocationId: text('Identifies the location; assigned by the SMO.', 255).min(1),
    name: text('Name of the location.', 255),
    description: text('What stands there.').default(''),
    coordinate: z.array(Point).min(1).optional().describe('Where it is, as GeoJSON points.'),
    civicAddress: z.array(CivicAddressElement).min(1).optional().describe('Its civic address (RFC 4776).'),
    address: text('Its address in words.').optional(),
    extensions: keyValuePairs('Further attributes.').optional(),
  })
  .refine((location) => location.coordinate ?? location.civicAddress ?? location.address, {
    message: 'A location needs at least one of coordinate, civicAddress and address (O2-IMS LocationInfo).',
  });

export const Site = z.strictObject({
  oCloudSiteId: uuid('Identifies the site; derived from its name when absent.').optional(),
  name: text('Name of the site; `default` takes every pool whose zone no site names.', 255).min(1),
  description: text('What the site is.').default(''),
  globalLocationId: text('Its location.', 255).min(1),
  zones: z
    .array(z.string().min(1).max(255))
    .default([])
    .describe('Zones of the backends (`topology.kubernetes.io/zone` and such) that lie in it.'),
  extensions: keyValuePairs('Further attributes.').optional(),
});
