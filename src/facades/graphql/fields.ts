import { isObjectType, type GraphQLSchema } from 'graphql';
import {
  Arg,
  createParameterDecorator,
  Extensions,
  FieldResolver,
  Mutation,
  Query,
  Resolver,
  Subscription,
  type ClassType,
} from 'type-graphql';
import type { Typed } from './graphql-type.js';
import type { GraphqlRequest } from './request.js';

/** What a field is asked: on which object, with which arguments, in which request. */
export interface Asked<S> {
  readonly source: S;
  readonly args: Readonly<Record<string, unknown>>;
  readonly request: GraphqlRequest;
}

/** A field with a resolver, as data. */
export interface FieldOf<S> extends Typed {
  readonly name: string;
  readonly args?: Readonly<Record<string, Typed>>;
  resolve(asked: Asked<S>): unknown;
}

const asked = createParameterDecorator(({ root, args, context }): Asked<unknown> => ({
  source: root as unknown,
  args,
  request: context as GraphqlRequest,
}));

/** Of a field's extensions: what it asks. */
const asking = 'asks';

/** Asks fields directly: what type-graphql puts around them makes instances of arguments, which none of them reads. */
export function askDirectly(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    for (const field of isObjectType(type) ? Object.values(type.getFields()) : []) {
      const ask = field.extensions[asking] as ((question: Asked<unknown>) => unknown) | undefined;
      if (ask) field.resolve = (source, args, request) => ask({ source, args, request: request as GraphqlRequest });
    }
  }
}

/** Only what is said: type-graphql tells an absent option from an undefined one. */
function optionsOf({ nullable, description, defaultValue }: Typed) {
  return {
    nullable: nullable ?? false,
    ...(description === undefined ? {} : { description }),
    ...(defaultValue === undefined ? {} : { defaultValue }),
  };
}

/** Where events come from is not GraphQL's business here: the hub executes a document with each of them. */
const live = (type: () => object, options: ReturnType<typeof optionsOf>) =>
  Subscription(type as () => ClassType, {
    ...options,
    subscribe: () => {
      throw new Error('Live streams are told by the hub.');
    },
  });

const decorators = { query: Query, mutation: Mutation, subscription: live, field: FieldResolver } as const;

/** A resolver class with these fields: roots, or fields of the object `of`. Decorators are plain functions. */
function resolverClass<S>(
  name: string,
  kind: keyof typeof decorators,
  fields: readonly FieldOf<S>[],
  of?: ClassType,
): ClassType {
  const made = { [name]: class {} }[name]! as ClassType;
  const prototype = made.prototype as Record<string, unknown>;
  for (const field of fields) {
    prototype[field.name] = (question: Asked<S>) => field.resolve(question);
    asked(prototype, field.name, 0);
    Object.entries(field.args ?? {}).forEach(([argument, typed], index) => {
      Arg(argument, () => typed.type, optionsOf(typed))(prototype, field.name, index + 1);
    });
    Extensions({ [asking]: (question: Asked<S>) => field.resolve(question) })(prototype, field.name);
    decorators[kind](() => field.type as ClassType, optionsOf(field))(prototype, field.name, undefined as never);
  }
  if (of) Resolver(() => of)(made);
  else Resolver()(made);
  return made;
}

export const queryClass = (name: string, fields: readonly FieldOf<undefined>[]) => resolverClass(name, 'query', fields);
export const mutationClass = (name: string, fields: readonly FieldOf<undefined>[]) =>
  resolverClass(name, 'mutation', fields);
export const subscriptionClass = <S>(name: string, fields: readonly FieldOf<S>[]) =>
  resolverClass(name, 'subscription', fields);
export const fieldClass = <S>(of: ClassType, fields: readonly FieldOf<S>[]) =>
  resolverClass(`${of.name}Fields`, 'field', fields, of);
