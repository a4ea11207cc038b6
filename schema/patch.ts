import { z } from 'zod';

/** The merge-patch (RFC 7396) of what may be written: every attribute optional, `null` removes one that may be absent. */
export function patchOf<S extends z.ZodRawShape>(writable: z.ZodObject<S>) {
  const shape = Object.entries(writable.shape).map(([name, attribute]) => {
    const schema = attribute as z.ZodType;
    const removable = schema instanceof z.ZodOptional;
    return [name, (removable ? schema.nullable() : schema).optional()] as const;
  });
  return z.strictObject(
    Object.fromEntries(shape) as { [K in keyof S]: z.ZodOptional<z.ZodNullable<S[K] & z.ZodType>> },
  );
}
