import { GraphQLJSON } from 'graphql-scalars';
import { Field, InputType, type ClassType } from 'type-graphql';
import { z } from 'zod';
import { attributeOf } from '#schema/paths.js';
import { conditionsOn, PathFilter } from './condition-inputs.js';
import { graphqlType, type TypeValue } from './graphql-type.js';

const classes = new WeakMap<z.ZodObject, ClassType>();

/** The input that says which objects of a model are meant: a member for each attribute, and `and`, `or`. */
export function whereClass(model: z.ZodObject): ClassType {
  const known = classes.get(model);
  if (known) return known;
  const { id } = z.globalRegistry.get(model) ?? {};
  const name = `${id}Where`;
  const made = { [name]: class {} }[name]!;
  // Before its members: a model may contain itself.
  classes.set(model, made);
  const member = (attribute: string, type: TypeValue, description?: string) =>
    Field(() => type, { nullable: true, ...(description === undefined ? {} : { description }) })(
      made.prototype,
      attribute,
    );
  for (const [attribute, schema] of Object.entries(model.shape))
    member(
      attribute,
      conditionsAt(schema as z.core.$ZodType),
      graphqlType(schema as z.core.$ZodType, 'out', whereClass).description,
    );
  member('and', [made], 'All of these hold.');
  member('or', [made], 'At least one of these holds.');
  InputType(name, {
    description: `Which ${id} is meant: all that is given must hold. Conditions on nested objects hold independently of each other.`,
  })(made);
  return made;
}

function conditionsAt(schema: z.core.$ZodType): TypeValue {
  let { type } = graphqlType(schema, 'out', whereClass);
  while (Array.isArray(type)) type = type[0] as TypeValue;
  if (type === GraphQLJSON) return [PathFilter];
  const { kind, schema: innermost } = attributeOf(schema);
  return kind === 'object' ? type : conditionsOn(type, z.globalRegistry.get(innermost)?.id ?? '');
}
