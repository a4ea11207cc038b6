import { createHash } from 'node:crypto';
import { z } from 'zod';
import { objects } from './objects.js';
import type { Presenter } from './presenter.js';

let models: string | undefined;

function allModels(): string {
  models ??= JSON.stringify(Object.values(objects).map(({ model }) => shapeOf(model)));
  return models;
}

function shapeOf(model: z.ZodType): unknown {
  return z.toJSONSchema(model, { io: 'output', unrepresentable: 'any' });
}

/** Hash of every model together with the marks of a mapping: changes when the same natives would make other values. */
export function projectionFingerprint(...mapping: readonly (string | number)[]): string {
  return createHash('sha1').update(allModels()).update(JSON.stringify(mapping)).digest('base64url').slice(0, 16);
}

/** Hash of presenters, the models behind them, and settings: changes when the same objects would be other bytes. */
export function presentationFingerprint(
  presenters: readonly Presenter[],
  ...settings: readonly (string | number)[]
): string {
  const tables = JSON.stringify(presenters, (_name, value: unknown) => {
    if (value instanceof z.ZodType) return shapeOf(value);
    return typeof value === 'function' ? value.toString() : value;
  });
  const hash = createHash('sha1').update(allModels()).update(tables).update(JSON.stringify(settings));
  return hash.digest('base64url').slice(0, 16);
}
