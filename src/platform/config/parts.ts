import type { z } from 'zod';
import { layers } from './model-walk.js';
import { withDefaultPlace } from './default-place.js';
import { ConfigurationModel, type Configuration } from './model.js';

/**
 * A faulty configuration as far as it can be known, so that what else is wrong with it can be told: without what no model
 * knows, and of lists the faulty entries as they were written. To look at anything else throws, as a wrong entry may.
 */
export function partsOf(value: unknown, { issues }: z.ZodError): Configuration {
  const kept = structuredClone(value) as Record<string, unknown>;
  for (const issue of issues) if (issue.code === 'unrecognized_keys') drop(kept, issue.path, issue.keys);
  const parts: Record<string, unknown> = {};
  for (const [name, model] of Object.entries(ConfigurationModel.shape)) {
    const parsed = (model as z.ZodType).safeParse(kept[name]);
    const part = parsed.success ? parsed.data : entriesOf(model, kept[name]);
    if (part !== undefined || parsed.success) parts[name] = part;
  }
  const placed = 'sites' in parts && 'locations' in parts ? withDefaultPlace(parts as unknown as Configuration) : parts;
  return new Proxy(placed as Configuration, {
    get(known, name) {
      if (Object.hasOwn(known, name)) return known[name as keyof Configuration];
      throw new Error(`'${String(name)}' is faulty.`);
    },
  });
}

function drop(value: unknown, path: readonly PropertyKey[], keys: readonly string[]): void {
  const holder = path.reduce<unknown>((here, step) => (here as Record<PropertyKey, unknown>)[step], value);
  for (const key of keys) delete (holder as Record<string, unknown>)[key];
}

function entriesOf(model: z.ZodType, value: unknown): unknown {
  if (!Array.isArray(value)) return undefined;
  const element = layers(model).flatMap(({ _zod: { def } }) =>
    def.type === 'array' ? [def.element as z.ZodType] : [],
  )[0];
  // A word that stands for nothing known says nothing of the list as a whole.
  if (!element || !layers(element).some(({ _zod: { def } }) => def.type === 'object')) return undefined;
  return value.map((each: unknown) => {
    const parsed = element.safeParse(each);
    return parsed.success ? parsed.data : each !== null && typeof each === 'object' ? each : {};
  });
}
