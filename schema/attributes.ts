import { z } from 'zod';
import './meta.js';

/** Identifier (O2-IMS TS, simple types): a lowercase UUID wherever this gateway mints it. */
export const identifier = (description: string, index = false) =>
  z.string().min(1).max(255).describe(description).meta({ reference: true, index });

/** An identifier that comes from outside and need not be a UUID (`globalLocationId`, `globalAssetId`). */
export const text = (description: string, max = 4096) => z.string().max(max).describe(description);

/** KeyValuePairs: a JSON object. */
export const keyValuePairs = (description: string) => z.record(z.string(), z.json()).describe(description);

/** Point of GeoJSON (RFC 7946): `[longitude, latitude, altitude?]` in degrees and metres. */
export const Point = z
  .object({
    type: z.literal('Point'),
    coordinates: z
      .array(z.number())
      .min(2)
      .max(3)
      .describe('Longitude, latitude (degrees, WGS 84) and optionally altitude (metres).'),
  })
  .meta({ id: 'Point', description: 'GeoJSON point (RFC 7946).' });

/** One line of a civic address (RFC 4776). */
export const CivicAddressElement = z
  .object({
    caType: z.int().min(0).max(255).describe('Civic address type (RFC 4776).'),
    caValue: z.string().max(255).describe('Its value.'),
  })
  .meta({ id: 'CivicAddressElement', description: 'One element of a civic address (RFC 4776).' });
