import { z } from 'zod';
import { objectNames } from '#schema/objects.js';
import { duration } from './units.js';

/** Lowercase letters, digits and dashes; safe in ids, paths, metric labels and environment variables. */
export const slug = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'Takes lowercase letters, digits and dashes only (at most 63, no dash at an end).',
  );

export const Backend = z.strictObject({
  key: slug.describe('Names the instance for good: the ids of all its objects are made from it. Never change it.'),
  type: z.string().min(1).describe('Which adapter.'),
  title: z.string().max(255).optional().describe('Name for people; may change.'),
  enabled: z.boolean().default(true).describe('False keeps its objects readable but stale, and calls nothing.'),
  deadline: duration('Longest a call to the backend may take.').prefault('10s'),
  concurrency: z.int().min(1).max(1000).default(16).describe('Most calls to the backend at once.'),
  options: z.unknown().default({}).describe('What the adapter needs; see the readme of the adapter.'),
});

export const Route = z.strictObject({
  object: z.enum(objectNames).describe('Objects the rule is for.'),
  filter: z
    .string()
    .max(4096)
    .optional()
    .describe('Only objects that match this filter, as in the `filter` parameter of O2.'),
  priority: z.int().default(0).describe('The highest goes first; equal ones in the order of the file.'),
  instance: slug.describe('Key of the backend that takes them.'),
  strategy: z
    .enum(['first', 'fallback'])
    .default('first')
    .describe(
      '`first`: the call ends here, whatever comes of it. `fallback`: the next rule takes over when the backend is away.',
    ),
});
