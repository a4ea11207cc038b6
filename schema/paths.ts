import { z } from 'zod';
import './meta.js';

export type Kind = 'string' | 'number' | 'boolean' | 'date-time' | 'enum' | 'map' | 'object' | 'json';

/** What stands at a path of a model, with every optional, nullable, default, lazy and list taken off. */
export interface Attribute {
  /** Kind of the value, or of each value of a list. `json` is anything: its type is known only from what is stored. */
  readonly kind: Kind;
  readonly list: boolean;
  /**
   * Lower cardinality 0: optional or nullable, a map, or a list without a minimum, unless its meta says `mandatory`.
   */
  readonly optional: boolean;
  /** The innermost schema: of one value, when it is a list. */
  readonly schema: z.core.$ZodType;
  /** What an `enum` allows. */
  readonly members?: readonly string[];
  /** Permission of the attribute, or of the one it lies in. */
  readonly permission?: string;
  /** The view has a posting list of it; only attributes of the object itself have one. */
  readonly index: boolean;
  readonly derived?: { readonly object: string; readonly by: string };
}

const optionalWrappers: ReadonlySet<string> = new Set(['optional', 'nullable', 'default', 'prefault']);
const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['string', 'string'],
  ['template_literal', 'string'],
  ['number', 'number'],
  ['boolean', 'boolean'],
  ['record', 'map'],
  ['object', 'object'],
]);

/** What a wrapper (optional, lazy, pipe, …) is around; undefined for everything that is a value itself. */
function unwrapped(schema: z.core.$ZodTypes): z.core.$ZodType | undefined {
  const def = schema._zod.def;
  if ('innerType' in def) return def.innerType;
  if (def.type === 'lazy') return (schema as z.core.$ZodLazy)._zod.innerType;
  return def.type === 'pipe' ? def.out : undefined;
}

function needsOne(list: z.core.$ZodArrayDef): boolean {
  return (list.checks ?? []).some((check) => {
    const rule = check._zod.def as { check: string; minimum?: number; length?: number };
    return (rule.minimum ?? rule.length ?? 0) > 0;
  });
}

function kindOf(schema: z.core.$ZodTypes): { kind: Kind; members?: readonly string[] } {
  const def = schema._zod.def;
  if (def.type === 'enum' || def.type === 'literal') {
    const members = [...(schema._zod.values ?? [])];
    if (members.every((member) => typeof member === 'string')) return { kind: 'enum', members };
    return { kind: members.every((member) => typeof member === 'number') ? 'number' : 'json' };
  }
  if (def.type === 'string' && 'format' in def && def.format === 'datetime') return { kind: 'date-time' };
  return { kind: kinds.get(def.type) ?? 'json' };
}

/**
 * What a schema is as an attribute. A schema that cannot be told apart from outside (a union, a transform) is `json`.
 */
export function attributeOf(schema: z.core.$ZodType): Attribute {
  let current = schema as z.core.$ZodTypes;
  let [list, optional] = [false, false];
  let meta: z.GlobalMeta = {};
  let permission: string | undefined;
  for (;;) {
    const own = z.globalRegistry.get(current);
    if (!list) meta = { ...own, ...meta };
    permission ??= own?.permission;
    const def = current._zod.def;
    const inner = def.type === 'array' ? def.element : unwrapped(current);
    if (!inner) break;
    if (def.type === 'array') [list, optional] = [true, optional || !needsOne(def)];
    else optional ||= optionalWrappers.has(def.type);
    current = inner as z.core.$ZodTypes;
  }
  const { kind, members } = kindOf(current);
  return {
    kind,
    list,
    optional: (optional || (kind === 'map' && !list)) && meta.mandatory !== true,
    schema: current,
    index: meta.index === true,
    ...(members && { members }),
    ...(permission !== undefined && { permission }),
    ...(meta.derived && { derived: meta.derived }),
  };
}

const attributesByModel = new WeakMap<z.core.$ZodType, ReadonlyMap<string, Attribute>>();

/** The attributes of an object schema by name. */
export function attributesOf(model: z.core.$ZodType): ReadonlyMap<string, Attribute> {
  let attributes = attributesByModel.get(model);
  if (!attributes) {
    const { shape } = (model as z.core.$ZodObject)._zod.def;
    attributes = new Map(Object.keys(shape).map((name) => [name, attributeOf(shape[name]!)]));
    attributesByModel.set(model, attributes);
  }
  return attributes;
}

/** What stands at `name` inside an attribute; undefined when its type has no such place. */
export function attributeIn(outer: Attribute, name: string): Attribute | undefined {
  const permission = outer.permission === undefined ? {} : { permission: outer.permission };
  if (outer.kind === 'object') {
    const inner = attributesOf(outer.schema).get(name);
    if (inner) return { ...permission, ...inner, index: false };
    const { catchall } = (outer.schema as z.core.$ZodObject)._zod.def;
    if (!catchall || catchall._zod.def.type === 'never') return undefined;
  } else if (outer.kind !== 'map' && outer.kind !== 'json') return undefined;
  return { kind: 'json', list: false, optional: true, schema: outer.schema, index: false, ...permission };
}

/**
 * What stands at `path` (in the model's names) of every value of `model`; lists on the way are stepped into. Any path
 * below a map is valid. Undefined when the type has no such place.
 */
export function attributeAt(model: z.ZodObject, path: readonly string[]): Attribute | undefined {
  let attribute = path.length === 0 ? undefined : attributesOf(model).get(path[0]!);
  for (let depth = 1; attribute && depth < path.length; depth += 1) attribute = attributeIn(attribute, path[depth]!);
  return attribute;
}

/** A single value without parts. */
export function isSimple(attribute: Attribute): boolean {
  return !attribute.list && attribute.kind !== 'map' && attribute.kind !== 'object' && attribute.kind !== 'json';
}
