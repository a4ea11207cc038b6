import type { z } from 'zod';
import { conditionsIn, type Condition, type Filter } from './filter/ast.js';
import { attributeAt, attributeOf } from './paths.js';

/** A place of a model that is shown only to principals with a permission of its own. */
export interface PermittedPath {
  /** In the model's names; lists on the way are stepped into. */
  readonly path: readonly string[];
  readonly permission: string;
}

/** Stands in a path for "whichever key": nothing can be masked there. */
const anyKey = Symbol('any key');
type Step = string | typeof anyKey;

function partsOf(schema: z.core.$ZodTypes): readonly (readonly [Step, z.core.$ZodType])[] {
  const def = schema._zod.def;
  if (def.type === 'object') {
    const named = Object.keys(def.shape).map((name) => [name, def.shape[name]!] as const);
    return def.catchall ? [...named, [anyKey, def.catchall]] : named;
  }
  if (def.type === 'record') return [[anyKey, def.valueType]];
  return def.type === 'union' ? def.options.map((option) => [anyKey, option] as const) : [];
}

/** `around` are the schemas this one lies in: an object that contains itself is entered once. */
function collect(
  schema: z.core.$ZodType,
  path: readonly Step[],
  outer: string | undefined,
  around: readonly z.core.$ZodType[],
): PermittedPath[] {
  const attribute = attributeOf(schema);
  const { permission } = attribute;
  const found: PermittedPath[] = [];
  if (permission !== undefined) {
    const place = path.map((step) => (step === anyKey ? '*' : step)).join('/');
    if (outer !== undefined)
      throw new Error(
        `'${place}' needs '${permission}' inside a place that needs '${outer}'; permissions do not nest.`,
      );
    if (!path.every((step) => typeof step === 'string'))
      throw new Error(`'${place}' needs '${permission}', but only a named place can be hidden.`);
    found.push({ path, permission });
  }
  if (around.includes(attribute.schema)) return found;
  const inside = [...around, attribute.schema];
  for (const [step, part] of partsOf(attribute.schema as z.core.$ZodTypes))
    found.push(...collect(part, [...path, step], permission ?? outer, inside));
  return found;
}

const permittedByModel = new WeakMap<z.ZodObject, readonly PermittedPath[]>();

/**
 * Every place of `model` with a permission of its own. A model that contains itself (nested elements) is listed once:
 * the same places are meant at every level. Throws when a permission stands where nothing could be hidden.
 */
export function permissionsOf(model: z.ZodObject): readonly PermittedPath[] {
  const permitted = permittedByModel.get(model) ?? collect(model, [], undefined, []);
  permittedByModel.set(model, permitted);
  return permitted;
}

/**
 * The permissions that a filter's attributes need, each with a condition that needs it: who may not see a value may not
 * ask about it either.
 */
export function permissionsIn(model: z.ZodObject, filter: Filter): ReadonlyMap<string, Condition> {
  const needed = new Map<string, Condition>();
  for (const condition of conditionsIn(filter)) {
    const permission = attributeAt(model, condition.path)?.permission;
    if (permission !== undefined && !needed.has(permission)) needed.set(permission, condition);
  }
  return needed;
}
