import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  isAbstractType,
  isObjectType,
  getNamedType,
  isInterfaceType,
  isNonNullType,
  Kind,
  visit,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLFieldMap,
  type GraphQLNamedType,
  type GraphQLSchema,
  type InlineFragmentNode,
  type FragmentSpreadNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { coercedScalar } from './compilable-schema.js';

type Values = Readonly<Record<string, unknown>>;

/** A document as it is compiled, and how much there is to compile. */
export interface Compilable {
  readonly document: DocumentNode;
  /** Fields and fragments, counted wherever a fragment is spread, and for each of the types of an interface. */
  readonly fields: number;
  /** Keys of the answer that are not null: if one is, all of it is. */
  readonly required: readonly string[];
}

/** Compiling so many takes some 15 ms, in which nobody else is answered; more is left to graphql-js, or refused as a subscription. */
export const mostFields = 250;

/**
 * The operation without its `@skip` and `@include`, which `variables` decide, as a copy: what compiles it writes into it. `refused`
 * when it is not to be compiled: introspection, whose types differ; names that compiled code confuses; a directive that fails.
 */
export function compilable(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Values,
): Compilable | 'large' | 'refused' {
  let refused = false;
  const selected = <T extends FieldNode | InlineFragmentNode | FragmentSpreadNode>(node: T): T | null => {
    const included = isIncluded(node, variables);
    refused ||= included === undefined;
    return included ? { ...node, directives: [] } : null;
  };
  const copy = visit(only(document, operation), {
    [Kind.FIELD](node) {
      refused ||= confuses(node);
      return selected(node);
    },
    [Kind.INLINE_FRAGMENT]: selected,
    [Kind.FRAGMENT_SPREAD]: selected,
    [Kind.OPERATION_DEFINITION]: (node): OperationDefinitionNode => ({ ...node, directives: [] }),
    [Kind.VARIABLE_DEFINITION]: (node) => ({
      kind: node.kind,
      variable: node.variable,
      type: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: coercedScalar } },
    }),
  });
  const fields = fieldsIn(schema, copy);
  if (fields > mostFields) return 'large';
  return refused ? 'refused' : { document: copy, fields, required: requiredIn(schema, copy) };
}

/** Compiled code names places by their keys, joined with `_`; what introspection tells is not the schema it is compiled against. */
function confuses({ name, alias }: FieldNode): boolean {
  if (name.value === '__typename') return alias?.value.includes('_') === true;
  return name.value.startsWith('__') || (alias ?? name).value.includes('_');
}

/** The keys of an operation whose fields `schema` calls not null. */
function requiredIn(schema: GraphQLSchema, document: DocumentNode): readonly string[] {
  const fragments = fragmentsOf(document);
  const keys: string[] = [];
  const walk = ({ selections }: SelectionSetNode, fields: GraphQLFieldMap<unknown, unknown>): void => {
    for (const selection of selections) {
      if (selection.kind !== Kind.FIELD) {
        const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value)! : selection;
        walk(fragment.selectionSet, fields);
      } else if (isNonNullType(fields[selection.name.value]?.type))
        keys.push((selection.alias ?? selection.name).value);
    }
  };
  for (const each of document.definitions)
    if (each.kind === Kind.OPERATION_DEFINITION)
      walk(each.selectionSet, schema.getRootType(each.operation)!.getFields());
  return keys;
}

function fragmentsOf({ definitions }: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  return new Map(
    definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [])),
  );
}

/** The names of the variables that decide what is selected. */
export function decidingVariables(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  visit(document, {
    [Kind.VARIABLE_DEFINITION]: () => false,
    [Kind.DIRECTIVE](node) {
      for (const { value } of node.arguments ?? []) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
}

function only(document: DocumentNode, operation: OperationDefinitionNode): DocumentNode {
  const definitions = document.definitions.filter(
    (each) => each === operation || each.kind === Kind.FRAGMENT_DEFINITION,
  );
  return { ...document, definitions };
}

/** Undefined for a condition that is null: graphql-js has its own words for that. */
function isIncluded(node: { readonly directives?: FieldNode['directives'] }, variables: Values): boolean | undefined {
  if ((node.directives ?? []).length === 0) return true;
  try {
    const skip = getDirectiveValues(GraphQLSkipDirective, node, variables);
    const include = getDirectiveValues(GraphQLIncludeDirective, node, variables);
    return skip?.['if'] !== true && include?.['if'] !== false;
  } catch {
    return undefined;
  }
}

/** Counts no further than what is too many, whatever fragments multiply, empty ones too. */
function fieldsIn(schema: GraphQLSchema, document: DocumentNode): number {
  const fragments = fragmentsOf(document);
  let count = 0;

  function walk({ selections }: SelectionSetNode, type: GraphQLNamedType | undefined): void {
    for (const selection of selections) {
      if (count > mostFields) return;
      count += 1;
      if (selection.kind === Kind.FIELD) {
        const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[selection.name.value] : undefined;
        if (selection.selectionSet) each(selection.selectionSet, field && getNamedType(field.type));
      } else {
        const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value)! : selection;
        const on = fragment.typeCondition?.name.value;
        walk(fragment.selectionSet, on === undefined ? type : schema.getType(on));
      }
    }
  }

  function each(selectionSet: SelectionSetNode, type: GraphQLNamedType | undefined): void {
    const times = isAbstractType(type) ? schema.getPossibleTypes(type).length : 1;
    for (let time = 0; time < times && count <= mostFields; time += 1) walk(selectionSet, type);
  }

  for (const each of document.definitions)
    if (each.kind === Kind.OPERATION_DEFINITION)
      walk(each.selectionSet, schema.getRootType(each.operation) ?? undefined);
  return count;
}
