import { z } from 'zod';

const Embedded = z
  .strictObject({
    seed: z.int().default(1).describe('The same seed makes the same O-Cloud.'),
    size: z.int().min(1).max(100_000).default(400).describe('Servers, storage arrays and switches at first.'),
    pools: z
      .int()
      .min(1)
      .max(2_000)
      .optional()
      .describe('Pools at first; by default 12 for 400, growing with the root of `size`.'),
    changesPerSecond: z.number().min(0).max(10_000).default(1).describe('Changes that happen by themselves.'),
    tenants: z
      .array(z.string().min(1).max(255))
      .max(100)
      .default(['tenant-a', 'tenant-b'])
      .describe('Owners of some edge pools; everything else is shared.'),
  })
  .describe('Starts an O-Cloud on loopback, inside this process.');

/** Options of a simulated backend: which O-Cloud, and how it is read. */
export const Config = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('An O-Cloud that runs already.'),
    embedded: Embedded.optional(),
    token: z.string().min(1).optional().describe('Bearer token of the O-Cloud.').meta({ secret: true }),
    read: z.enum(['watch', 'poll']).default('watch').describe('Follow changes, or list everything again and again.'),
    pollInterval: z.int().min(100).default(30_000).describe('Milliseconds between two lists, for `read: poll`.'),
    idleTimeout: z
      .int()
      .min(100)
      .default(20_000)
      .describe('Milliseconds of silence after which the O-Cloud is taken to be gone.'),
  })
  .refine(({ url, embedded }) => (url === undefined) !== (embedded === undefined), 'Give either `url` or `embedded`.');

export type Config = z.output<typeof Config>;
