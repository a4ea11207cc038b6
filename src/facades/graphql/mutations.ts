import { Field, ID, ObjectType, type ClassType } from 'type-graphql';
import type { z } from 'zod';
import { formatPosition } from '#schema/position.js';
import type { Operation, ValueAnswer, WrittenAnswer } from '../../operations/operation.js';
import { mutationClass, type FieldOf } from './fields.js';
import { gqlInput } from './input-class.js';
import { gqlClass, sourceOf } from './model-class.js';
import { fieldName } from './queries.js';

/** The mutation root: a field for each operation that writes. */
export function mutations(operations: readonly Operation[]): ClassType {
  return mutationClass('Mutations', operations.filter(({ kind }) => kind === 'mutation').map(mutation));
}

function mutation(operation: Operation): FieldOf<undefined> {
  const { object, summary } = operation;
  const name = mutationName(operation);
  const typeName = name.charAt(0).toUpperCase() + name.slice(1);
  const { model, inputOf } = shapeOf(operation.input as z.ZodObject);
  const args = { input: { type: gqlInput(model, `${typeName}Input`) } };
  if (operation.output) return inquiring(operation, operation.output, { name, args, inputOf });
  const member = fieldName(object.name);
  return {
    name,
    type: payloadClass(operation, `${typeName}Payload`, member),
    description: summary,
    args,
    async resolve({ args, request }) {
      const written = await request.call<WrittenAnswer>(operation, inputOf(args['input']));
      return {
        id: written.id,
        position: formatPosition(written.position),
        [member]: written.row ? sourceOf(written.row) : null,
      };
    },
  };
}

/** `scaleResourcePool`, or what the operation says. */
function mutationName({ field, verb, object }: Operation): string {
  return field ?? `${verb}${object.name}`;
}

/** An operation with an output of its own answers with that. */
function inquiring(
  operation: Operation,
  output: z.ZodObject,
  { name, args, inputOf }: { name: string; args: FieldOf<undefined>['args']; inputOf(given: unknown): unknown },
): FieldOf<undefined> {
  return {
    name,
    type: gqlClass(output),
    description: operation.summary,
    ...(args && { args }),
    resolve: async ({ args: given, request }) =>
      (await request.call<ValueAnswer>(operation, inputOf(given['input']))).value,
  };
}

/** An operation that takes a new object and nothing else takes its attributes directly. */
function shapeOf(input: z.ZodObject): { readonly model: z.ZodObject; inputOf(given: unknown): unknown } {
  const [only, ...others] = Object.keys(input.shape);
  if (only !== 'value' || others.length > 0) return { model: input, inputOf: (given) => given };
  return { model: input.shape['value'] as z.ZodObject, inputOf: (value) => ({ value }) };
}

const payloads = new WeakMap<Operation, ClassType>();

function payloadClass(operation: Operation, name: string, member: string): ClassType {
  const known = payloads.get(operation);
  if (known) return known;
  const { object } = operation;
  const made = { [name]: class {} }[name]!;
  Field(() => ID, { description: 'Id of the object, also of one that is deleted.' })(made.prototype, 'id');
  Field(() => gqlClass(object.model), {
    nullable: true,
    description: 'The object after the write; null when it is deleted.',
  })(made.prototype, member);
  Field(() => String, { description: 'Place in the log from which every reader sees the write.' })(
    made.prototype,
    'position',
  );
  ObjectType(name, { simpleResolvers: true, description: `What became of \`${operation.name}\`.` })(made);
  payloads.set(operation, made);
  return made;
}
