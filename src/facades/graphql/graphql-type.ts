import { GraphQLJSON } from 'graphql-scalars';
import { Float, ID, Int, registerEnumType, type ClassType } from 'type-graphql';
import { z } from 'zod';
import { attributeOf } from '#schema/paths.js';

/** A type as type-graphql's decorators take it: a class, a scalar, an enum object, or a list `[type]`. */
export type TypeValue = object;

/** A field or an argument: its type and what the SDL says of it. */
export interface Typed {
  readonly type: TypeValue;
  /** `items`: a list whose members may be null. */
  readonly nullable?: boolean | 'items';
  readonly description?: string;
  readonly defaultValue?: unknown;
}

/** Which way values go: what a model may leave out differs. */
export type Direction = 'in' | 'out';

interface Unwrapped {
  readonly innermost: z.core.$ZodTypes;
  readonly lists: number;
  readonly nullable: boolean;
  readonly meta: z.GlobalMeta;
}

/** Takes lists, optionals, lazies and defaults off; what the outer ones say of themselves wins. */
function unwrap(schema: z.core.$ZodType, direction: Direction): Unwrapped {
  // What has a default may be left out by who sends it, and is there for who reads it.
  let nullable = direction === 'in' ? schema._zod.optin !== undefined : schema._zod.optout === 'optional';
  let current = schema as z.core.$ZodTypes;
  let lists = 0;
  let meta: z.GlobalMeta = {};
  for (;;) {
    meta = { ...z.globalRegistry.get(current), ...meta };
    const { def } = current._zod;
    nullable ||= def.type === 'nullable' && lists === 0;
    if (def.type === 'array') [current, lists] = [def.element as z.core.$ZodTypes, lists + 1];
    else if ('innerType' in def) current = def.innerType as z.core.$ZodTypes;
    else if (def.type === 'lazy') current = (current as z.core.$ZodLazy)._zod.innerType as z.core.$ZodTypes;
    else return { innermost: current, lists, nullable, meta };
  }
}

/** GraphQL's Int has 32 bits; a zod `int()` has 53 unless its bounds say less. */
function fitsInt(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodNumber && schema.isInt && schema.minValue! >= -(2 ** 31) && schema.maxValue! < 2 ** 31;
}

const enums = new Map<string, object>();

/** The enum of a schema with a name of its own; a literal or an enum without one stays text. */
function enumOf(schema: z.core.$ZodType, members: readonly string[]): object {
  const { id, description } = z.globalRegistry.get(schema) ?? {};
  if (id === undefined || !members.every((member) => /^[_a-z]\w*$/i.test(member))) return String;
  const known = enums.get(id);
  if (known) return known;
  const made = Object.fromEntries(members.map((member) => [member, member]));
  registerEnumType(made, { name: id, ...(description === undefined ? {} : { description }) });
  enums.set(id, made);
  return made;
}

/** Any JSON, null included. */
const anything: ReadonlySet<string> = new Set(['union', 'any', 'unknown']);

/** Whether a schema is shown as the JSON scalar: its members are not known beforehand. */
function isOpen(schema: z.core.$ZodTypes): boolean {
  const { def } = schema._zod;
  if (def.type === 'object') return def.catchall !== undefined && def.catchall._zod.def.type !== 'never';
  return def.type === 'record' || anything.has(def.type);
}

function typeOf({ innermost, meta }: Unwrapped, classOf: (model: z.ZodObject) => ClassType): TypeValue {
  if (isOpen(innermost)) return GraphQLJSON;
  const { kind, members } = attributeOf(innermost);
  switch (kind) {
    case 'string':
    case 'date-time':
      return meta.reference ? ID : String;
    case 'number':
      return fitsInt(innermost) ? Int : Float;
    case 'boolean':
      return Boolean;
    case 'enum':
      return enumOf(innermost, members!);
    case 'object':
      return classOf(innermost as unknown as z.ZodObject);
    case 'map':
    case 'json':
      throw new Error(`A zod '${innermost._zod.def.type}' has no GraphQL type; model it otherwise.`);
  }
}

/**
 * The GraphQL type of a place of a model. A place that needs a permission of its own is nullable: it may be hidden.
 * @param classOf the class of an object that stands there
 */
export function graphqlType(
  schema: z.core.$ZodType,
  direction: Direction,
  classOf: (model: z.ZodObject) => ClassType,
): Typed {
  const unwrapped = unwrap(schema, direction);
  const { lists, meta, innermost } = unwrapped;
  let type = typeOf(unwrapped, classOf);
  for (let depth = 0; depth < lists; depth += 1) type = [type];
  const mayBeNull = lists === 0 && anything.has(innermost._zod.def.type);
  const mayBeHidden = direction === 'out' && meta.permission !== undefined;
  return {
    type,
    nullable: unwrapped.nullable || mayBeNull || mayBeHidden,
    ...(meta.description === undefined ? {} : { description: meta.description }),
  };
}
