import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';

export interface Costed {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What a list without `first` is taken for: parts of one object. */
const partsOfOne = 10;

/** How long lists are made by the arguments of a field: literals, variables or defaults. */
class ListSizes {
  readonly #variables: Costed['variables'];
  readonly #defaults: ReadonlyMap<string, ValueNode | undefined>;

  constructor({ operation, variables }: Costed) {
    this.#variables = variables;
    this.#defaults = new Map(
      operation.variableDefinitions?.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]),
    );
  }

  /** The size that the argument `name` asks for; undefined when the field has no such argument. */
  of(field: FieldNode, definition: GraphQLField<unknown, unknown>, name: string): number | undefined {
    const argument = definition.args.find((each) => each.name === name);
    if (!argument) return undefined;
    const given = field.arguments?.find((each) => each.name.value === name)?.value;
    return Math.max(0, this.#in(given) ?? (argument.defaultValue as number | undefined) ?? 1);
  }

  #in(node: ValueNode | undefined): number | undefined {
    if (node?.kind === Kind.INT) return Number(node.value);
    if (node?.kind === Kind.LIST) return node.values.length;
    if (node?.kind !== Kind.VARIABLE) return undefined;
    const value = this.#variables[node.name.value];
    if (value === undefined) return this.#in(this.#defaults.get(node.name.value));
    return typeof value === 'number' ? value : Array.isArray(value) ? value.length : undefined;
  }
}

/**
 * What an operation costs: 1 for each object it may answer with, lists as long as their `first` or `ids` says. Scalars
 * and introspection are free. The document must be valid, so that fragments have no cycles.
 */
export function costOf(costed: Costed): number {
  const { schema, document, operation } = costed;
  const sizes = new ListSizes(costed);
  const fragments = new Map(
    document.definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  );
  const known = new Map<string, number>();

  /** `page`: how long the lists are that stand directly in `type`, a connection. */
  function ofField(field: FieldNode, type: GraphQLNamedType, page: number | undefined): number {
    const definition = isObjectType(type) || isInterfaceType(type) ? type.getFields()[field.name.value] : undefined;
    const named = definition && getNamedType(definition.type);
    if (!named || !field.selectionSet || !isCompositeType(named)) return 0;
    const first = sizes.of(field, definition, 'first');
    if (first !== undefined) return 1 + ofSelections(field.selectionSet, named, first);
    const listed = isListType(getNullableType(definition.type));
    const length = listed ? (sizes.of(field, definition, 'ids') ?? page ?? partsOfOne) : 1;
    return length * (1 + ofSelections(field.selectionSet, named, undefined));
  }

  function ofSelections({ selections }: SelectionSetNode, type: GraphQLNamedType, page: number | undefined): number {
    return selections.reduce((sum, selection) => {
      if (selection.kind === Kind.FIELD) return sum + ofField(selection, type, page);
      if (selection.kind === Kind.FRAGMENT_SPREAD) return sum + ofFragment(selection.name.value, page);
      const on = selection.typeCondition ? schema.getType(selection.typeCondition.name.value)! : type;
      return sum + ofSelections(selection.selectionSet, on, page);
    }, 0);
  }

  function ofFragment(name: string, page: number | undefined): number {
    const key = `${name} ${page}`;
    const { typeCondition, selectionSet } = fragments.get(name)!;
    const cost = known.get(key) ?? ofSelections(selectionSet, schema.getType(typeCondition.name.value)!, page);
    known.set(key, cost);
    return cost;
  }

  return ofSelections(operation.selectionSet, schema.getRootType(operation.operation)!, undefined);
}
