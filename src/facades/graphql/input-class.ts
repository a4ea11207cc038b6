import { Field, ID, InputType, type ClassType } from 'type-graphql';
import { z } from 'zod';
import { graphqlType } from './graphql-type.js';

const classes = new WeakMap<z.ZodObject, ClassType>();

/** The input type `name` of what a mutation takes. A part without a name of its own is named after where it stands. */
export function gqlInput(model: z.ZodObject, name: string): ClassType {
  const known = classes.get(model);
  if (known) return known;
  const made = { [name]: class {} }[name]!;
  for (const [member, schema] of Object.entries(model.shape)) {
    const partName = (part: z.ZodObject) =>
      z.globalRegistry.get(part)?.id ?? name.replace(/Input$/, '') + member.charAt(0).toUpperCase() + member.slice(1);
    const { type, nullable, description } = graphqlType(schema as z.core.$ZodType, 'in', (part) =>
      gqlInput(part, `${partName(part)}Input`),
    );
    Field(() => (member === 'id' ? ID : type), {
      nullable: nullable ?? false,
      ...(description === undefined ? {} : { description }),
    })(made.prototype, member);
  }
  const { description } = z.globalRegistry.get(model) ?? {};
  InputType(name, description === undefined ? {} : { description })(made);
  classes.set(model, made);
  return made;
}
