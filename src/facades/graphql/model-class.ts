import { Field, ID, InterfaceType, ObjectType, type ClassType } from 'type-graphql';
import { z } from 'zod';
import type { Value } from '#schema/change.js';
import type { ObjectDefinition } from '#schema/object.js';
import { definitionOf, objects } from '#schema/objects.js';
import type { Row } from '../../inventory/row.js';
import { graphqlType } from './graphql-type.js';

/** Whatever has an id of its own. */
export class Node {}
Field(() => ID, { simple: true, description: 'Identifies the object among all objects of the O-Cloud.' })(
  Node.prototype,
  'id',
);
InterfaceType('Node', { description: 'An object that can be read by its id.' })(Node);

/** What resolvers get of an object: its row. Attributes are properties, read from the row when they are asked for. */
export class Source {
  readonly row: Row;

  constructor(row: Row) {
    this.row = row;
  }
}
export type SourceClass = new (row: Row) => Source;

const definitions = new Map<z.ZodObject, ObjectDefinition>(
  Object.values(objects).map((definition) => [definition.model, definition]),
);
const classes = new WeakMap<z.ZodObject, ClassType>();

/**
 * The type-graphql ObjectType of a zod object, always the same class: the one place where a model becomes a GraphQL type. The
 * model of an O2 object implements `Node` and its instances are made of rows; parts of objects are plain JSON.
 */
export function gqlClass(model: z.ZodObject): ClassType {
  const known = classes.get(model);
  if (known) return known;
  const { id: name, description } = z.globalRegistry.get(model) ?? {};
  if (name === undefined)
    throw new Error(
      `A model with ${Object.keys(model.shape).join(', ')} has no .meta({ id }) to name its GraphQL type.`,
    );
  const definition = definitions.get(model);
  const made: ClassType = definition ? rowClass(name, definition) : { [name]: class {} }[name]!;
  // Before its fields: a model may contain itself.
  classes.set(model, made);
  for (const [attribute, schema] of Object.entries(model.shape)) {
    const { type, nullable, description: what } = graphqlType(schema, 'out', gqlClass);
    Field(() => type, { nullable: nullable ?? false, ...(what === undefined ? {} : { description: what }) })(
      made.prototype as object,
      attribute,
    );
  }
  const options = { simpleResolvers: true, ...(description === undefined ? {} : { description }) };
  ObjectType(name, definition ? { ...options, implements: Node } : options)(made);
  return made;
}

function rowClass(name: string, definition: ObjectDefinition): ClassType {
  const made = { [name]: class extends Source {} }[name]! as SourceClass & { readonly prototype: Source };
  const attribute = (from: (row: Row) => unknown) => ({
    get(this: Source) {
      return from(this.row);
    },
  });
  for (const each of Object.keys(definition.model.shape)) {
    const read = each === definition.nested ? nestedIn(definition, made) : (row: Row) => row.value[each];
    Object.defineProperty(made.prototype, each, attribute(read));
  }
  Object.defineProperty(
    made.prototype,
    'id',
    attribute((row) => row.id),
  );
  return made as unknown as ClassType;
}

/** Nested objects are objects like any other: rows of their own, with what the row around them says of its origin. */
function nestedIn({ nested, key }: ObjectDefinition, made: SourceClass) {
  return (row: Row) =>
    (row.value[nested!] as readonly Value[] | undefined)?.map(
      (value) => new made({ ...row, id: value[key] as string, value }),
    );
}

/** The class whose instances stand for the rows of an object. */
export function sourceClass({ model }: ObjectDefinition): SourceClass {
  return gqlClass(model) as unknown as SourceClass;
}

export function sourceOf(row: Row): Source {
  return new (sourceClass(definitionOf(row.object)))(row);
}
