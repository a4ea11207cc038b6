import { createHash } from 'node:crypto';
import { z } from 'zod';
import { objects } from './objects.js';

let models: string | undefined;

/** Hash of every model together with the marks of a mapping: changes when the same natives would make other values. */
export function projectionFingerprint(...mapping: readonly (string | number)[]): string {
  models ??= JSON.stringify(
    Object.values(objects).map(({ model }) => z.toJSONSchema(model, { io: 'output', unrepresentable: 'any' })),
  );
  return createHash('sha1').update(models).update(JSON.stringify(mapping)).digest('base64url').slice(0, 16);
}
