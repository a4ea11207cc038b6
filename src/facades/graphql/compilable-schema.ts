import {
  defaultFieldResolver,
  getArgumentValues,
  getNamedType,
  getNullableType,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLUnionType,
  isAbstractType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  locatedError,
  type GraphQLAbstractType,
  type GraphQLError,
  type GraphQLField,
  type GraphQLFieldConfigMap,
  type GraphQLFieldResolver,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLTypeResolver,
} from 'graphql';

/** One execution of a compiled document: what its resolvers get as their context. */
export interface Run {
  /** The context that the caller gave. */
  readonly context: unknown;
  /** What resolvers threw, as graphql-js spells it. */
  readonly failures: Set<GraphQLError>;
  /** The compiled code itself threw: it will never come to an end. */
  broken(): void;
}

/** The scalar of variables that are coerced already. */
export const coercedScalar = 'CoercedVariable';

/**
 * The schema that documents are compiled against. graphql-js coerces arguments and places errors, so fields take no arguments
 * here; their resolvers, given a `Run`, read them from the document. Fields of roots may be null. Throws for names that
 * compiled code would take for one another.
 */
export function compilableSchema(schema: GraphQLSchema): GraphQLSchema {
  const outputs = Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLObjectType | GraphQLAbstractType =>
      !type.name.startsWith('__') && (isObjectType(type) || isAbstractType(type)),
  );
  refuseAlike(outputs);
  const twins = new Map<string, GraphQLNamedType>();
  const named = <T extends GraphQLNamedType>({ name }: T) => twins.get(name) as T;
  const typeOf = (type: GraphQLOutputType): GraphQLOutputType => {
    if (isNonNullType(type)) return new GraphQLNonNull(typeOf(type.ofType));
    if (isListType(type)) return new GraphQLList(typeOf(type.ofType));
    return named(getNamedType(type)) ?? type;
  };
  const query = schema.getQueryType();
  const subscription = schema.getSubscriptionType();
  // What nulls the whole answer hides what else failed: whoever executes nulls it.
  const rootTypeOf = (type: GraphQLOutputType) => getNullableType(typeOf(type));
  for (const type of outputs) {
    const root = type === query || type === subscription;
    twins.set(type.name, twin(type, root ? rootTypeOf : typeOf, named));
  }
  return new GraphQLSchema({
    query: query && named(query),
    subscription: subscription && named(subscription),
    types: [...twins.values(), new GraphQLScalarType({ name: coercedScalar })],
    assumeValid: true,
  });
}

function twin(
  type: GraphQLObjectType | GraphQLAbstractType,
  typeOf: (type: GraphQLOutputType) => GraphQLOutputType,
  named: <T extends GraphQLNamedType>(type: T) => T,
): GraphQLNamedType {
  const { name } = type;
  if (isUnionType(type)) {
    return new GraphQLUnionType({ name, types: () => type.getTypes().map(named), resolveType: typeResolver(type) });
  }
  const fields = () => fieldsOf(type, typeOf);
  const interfaces = () => type.getInterfaces().map(named);
  if (isInterfaceType(type))
    return new GraphQLInterfaceType({ name, fields, interfaces, resolveType: typeResolver(type) });
  const { isTypeOf } = type;
  return new GraphQLObjectType({
    name,
    fields,
    interfaces,
    isTypeOf: isTypeOf && ((value, { context }: Run, info) => isTypeOf(value, context, info)),
  });
}

function fieldsOf(
  type: GraphQLObjectType | GraphQLInterfaceType,
  typeOf: (type: GraphQLOutputType) => GraphQLOutputType,
): GraphQLFieldConfigMap<unknown, Run> {
  return Object.fromEntries(
    Object.entries(type.getFields()).map(([name, field]) => {
      const resolves = field.resolve !== undefined || field.args.length > 0;
      return [name, { type: typeOf(field.type), ...(resolves && { resolve: resolverOf(field) }) }];
    }),
  );
}

function typeResolver({ resolveType }: GraphQLAbstractType): GraphQLTypeResolver<unknown, Run> | undefined {
  return resolveType ? (value, { context }, info, type) => resolveType(value, context, info, type) : undefined;
}

function resolverOf(field: GraphQLField<unknown, unknown>): GraphQLFieldResolver<unknown, Run> {
  const resolve = field.resolve ?? defaultFieldResolver;
  return (source, _none, run, info) => {
    let value: unknown;
    try {
      const args = field.args.length === 0 ? {} : getArgumentValues(field, info.fieldNodes[0]!, info.variableValues);
      value = resolve(source, args, run.context, info);
    } catch (error) {
      throw failure(error, run, info);
    }
    return guarded(value, run, (error) => failure(error, run, info));
  };
}

/**
 * A value as compiled code takes it, with the promises in it: what throws while it goes on with one of these is caught by nobody
 * else, and ends the process. Of one that is rejected it gets what is `told`.
 */
function guarded(value: unknown, run: Run, told: (error: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.some(holdsPromise) ? value.map((each) => guarded(each, run, asIs)) : value;
  if (!isPromise(value)) return value;
  const goOn = (go: (value: unknown) => void, settled: unknown) => {
    try {
      go(settled);
    } catch {
      run.broken();
    }
  };
  return {
    then(resolved: (value: unknown) => void, rejected: (error: unknown) => void) {
      value.then(
        (result) => goOn(resolved, guarded(result, run, asIs)),
        (error: unknown) => goOn(rejected, told(error)),
      );
    },
  };
}

const holdsPromise = (value: unknown): boolean => (Array.isArray(value) ? value.some(holdsPromise) : isPromise(value));
/** Of a member of a list graphql-js says where it stands; such an answer is left to it. */
const asIs = (error: unknown): unknown => error;

function failure(thrown: unknown, run: Run, info: GraphQLResolveInfo): GraphQLError {
  const path: (string | number)[] = [];
  for (let at: GraphQLResolveInfo['path'] | undefined = info.path; at; at = at.prev) path.unshift(at.key);
  const error = locatedError(thrown, info.fieldNodes, path);
  run.failures.add(error);
  return error;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/** Compiled code names a resolver by its type and field, one after the other, and a place by names joined with `_`. */
function refuseAlike(types: readonly (GraphQLObjectType | GraphQLAbstractType)[]): void {
  const seen = new Set<string>();
  for (const type of types) {
    if (type.name.includes('_'))
      throw new Error(`The type ${type.name} has a _ in its name, so it cannot be compiled.`);
    if (!isObjectType(type)) continue;
    for (const field of Object.keys(type.getFields())) {
      const name = `${type.name}${field}`;
      if (seen.has(name)) throw new Error(`${type.name}.${field} reads like a field of another type when compiled.`);
      seen.add(name);
    }
  }
}
