import { z } from 'zod';
import { wrong } from './refusal.js';
import type { Attributes } from './api.js';

const words = z.array(z.string().max(255)).max(100).optional();
const attributes = z.record(z.string(), z.json()).optional() as z.ZodType<Attributes | undefined>;
const name = z.string().min(1).max(255);
const summary = z.string().max(4096).optional();
const site = z.string().optional();
const place = z.string().max(255);
const owner = name.nullable().optional();
const said = { summary, tags: words, groups: words, attributes, locked: z.boolean().optional() };

/** Bodies of writes; in a patch null takes back what was said. */
export const NewPool = z.strictObject({ name, summary, site, place: place.optional(), attributes, owner });
export const PoolPatch = z.strictObject({ name: name.optional(), summary, site, place: place.nullish(), attributes });
export const Resize = z.strictObject({ count: z.int().min(0).max(100_000) });
export const NewEquipment = z.strictObject({
  ...said,
  pool: z.string(),
  model: z.string().optional(),
  assetTag: name.optional(),
  owner,
});
export const EquipmentPatch = z.strictObject({ ...said, pool: z.string().optional(), assetTag: name.nullish() });

export function read<T>(model: z.ZodType<T>, body: unknown): T {
  const parsed = model.safeParse(body);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw wrong(`${path.length === 0 ? 'The body' : `'${path.join('.')}'`} is wrong: ${message}.`);
}
