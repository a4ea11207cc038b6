import type { z } from 'zod';
import type { $ZodType, $ZodTypes } from 'zod/v4/core';
import { Backend } from './backends.js';

/** Models of the backends' `options`, by adapter type; handed in because adapters are an outer ring. */
export type AdapterModels = Readonly<Record<string, z.ZodType>>;

/**
 * The models a value may have, wrappers (optional, default, pipe, lazy) taken off and unions taken apart. Every layer is in
 * the list, outermost first, since any of them may carry the meta data.
 */
export function layers(model: $ZodType): readonly $ZodTypes[] {
  const each = model as $ZodTypes;
  const { def } = each._zod;
  if ('innerType' in def) return [each, ...layers(def.innerType)];
  if (def.type === 'pipe') return [each, ...layers(def.in), ...layers(def.out)];
  if (def.type === 'lazy') return [each, ...layers(def.getter())];
  if (def.type === 'union') return [each, ...def.options.flatMap(layers)];
  if (def.type === 'intersection') return [each, ...layers(def.left), ...layers(def.right)];
  return [each];
}

/** The models of one member of a value. `here` is the value: the model of a backend's options depends on its type. */
export function childModels(
  models: readonly $ZodTypes[],
  key: PropertyKey,
  here: unknown,
  adapters: AdapterModels,
): readonly $ZodTypes[] {
  return models.flatMap((model): readonly $ZodTypes[] => {
    if (model === (Backend as unknown) && key === 'options') return layersOf(adapterModel(here, adapters));
    const { def } = model._zod;
    if (def.type === 'object') return layersOf(own(def.shape, key) ?? def.catchall);
    if (def.type === 'array') return layers(def.element);
    if (def.type === 'record') return layers(def.valueType);
    if (def.type === 'tuple') return layersOf(def.items[Number(key)] ?? def.rest ?? undefined);
    return [];
  });
}

/** The keys that an object may have. */
export function knownKeys(models: readonly $ZodTypes[]): readonly string[] {
  return models.flatMap((model) => (model._zod.def.type === 'object' ? Object.keys(model._zod.def.shape) : []));
}

/** The models at a path. */
export function modelsAt(
  root: $ZodType,
  path: readonly PropertyKey[],
  value: unknown,
  adapters: AdapterModels,
): readonly $ZodTypes[] {
  let models = layers(root);
  let here = value;
  for (const key of path) {
    models = childModels(models, key, here, adapters);
    here = member(here, key);
  }
  return models;
}

/** A member of plain data, or undefined. */
export function member(value: unknown, key: PropertyKey): unknown {
  return value !== null && typeof value === 'object' && Object.hasOwn(value, key)
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;
}

/** The model of a backend's options, told by its `type`. */
export function adapterModel(backend: unknown, adapters: AdapterModels): z.ZodType | undefined {
  const type = member(backend, 'type');
  return typeof type === 'string' ? own(adapters, type) : undefined;
}

function layersOf(model: $ZodType | undefined): readonly $ZodTypes[] {
  return model ? layers(model) : [];
}

function own<T>(record: Readonly<Record<PropertyKey, T>>, key: PropertyKey): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
