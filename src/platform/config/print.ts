import { stringify } from 'yaml';
import { z } from 'zod';
import type { $ZodTypes } from 'zod/v4/core';
import { childModels, layers, type AdapterModels } from './model-walk.js';
import { ConfigurationModel, type Configuration } from './model.js';
import { withUnit } from './units.js';
import { redact } from '../redact.js';

// Under the name that zod-openapi extends too: TypeScript forgets extensions made under several names.
declare module 'zod/v4' {
  interface GlobalMeta {
    /** Never printed: passwords, tokens, keys. Holds for everything below. */
    secret?: boolean;
  }
}

const redacted = '(redacted)';

/** The effective configuration as YAML that the loader reads, secrets apart. */
export function printConfiguration(configuration: Configuration, adapterModels: AdapterModels): string {
  const safe = shown(configuration, layers(ConfigurationModel), adapterModels) as Configuration;
  // An adapter may have forgotten to mark a secret; what is named like one is hidden all the same.
  const backends = safe.backends.map((backend) => ({ ...backend, options: redact(backend.options) }));
  return stringify(
    { ...safe, backends },
    {
      lineWidth: 0,
      aliasDuplicateObjects: false,
    },
  );
}

// What no model describes might be a secret, so it is not shown either.
function shown(value: unknown, models: readonly $ZodTypes[], adapters: AdapterModels): unknown {
  const metas: readonly z.GlobalMeta[] = models.map(
    (model) => z.globalRegistry.get(model as unknown as z.ZodType) ?? {},
  );
  const described = models.some((model) => !['unknown', 'any'].includes(model._zod.def.type));
  if (!described || metas.some(({ secret }) => secret)) return redacted;
  const unit = metas.find((meta) => meta.unit)?.unit;
  if (unit && typeof value === 'number') return withUnit(value, unit);
  if (value === null || typeof value !== 'object') return value;
  const child = (key: string | number, each: unknown) =>
    shown(each, childModels(models, key, value, adapters), adapters);
  if (Array.isArray(value)) return value.map((each, at) => child(at, each));
  const present = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(present.map(([key, each]) => [key, child(key, each)]));
}
