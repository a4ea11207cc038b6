import {
  getArgumentValues,
  getNamedType,
  getNullableType,
  getVariableValues,
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
} from 'graphql';
import { objects } from '#schema/objects.js';
import { defaultFirst } from './lists.js';
import type { Looks, LooksOf } from './looks.js';

export interface Costed {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** As they were sent. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly looksOf: LooksOf;
}

/** What an operation comes to. */
export interface Cost {
  /** Objects it may answer with. */
  readonly answers: number;
  /** Objects it has to look at because no index tells which they are. */
  readonly looks: number;
  /** The longest page of a list that it asks for. */
  readonly longest: number;
}

/** As many objects are looked at in the time of one that is answered. */
const looksOfAnAnswer = 100;

export function priceOf({ answers, looks }: Cost): number {
  return answers + Math.ceil(looks / looksOfAnAnswer);
}

/** What a list without `first` is taken for: parts of one object. */
const partsOfOne = 10;

const none: Cost = { answers: 0, looks: 0, longest: 0 };

/** A page of a list: how long it is, and what it looks at. */
interface Connection extends Looks {
  readonly first: number;
}

/**
 * What an operation costs: 1 for each object it may answer with, lists as long as their `first` or `ids` says, and what filters,
 * orders and counts look at. Scalars and introspection are free. The document must be valid: fragments have no cycles.
 */
export function costOf(costed: Costed): Cost {
  const { schema, document, operation, looksOf } = costed;
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], costed.variables);
  // With variables that are none nothing runs.
  if (!coerced) return none;
  const fragments = new Map(
    document.definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  );
  const known = new Map<string, Cost>();

  function ofField(field: FieldNode, type: GraphQLNamedType, page: Connection | undefined): Cost {
    const definition = isObjectType(type) || isInterfaceType(type) ? type.getFields()[field.name.value] : undefined;
    const named = definition && getNamedType(definition.type);
    if (page && field.name.value === 'totalCount') return { ...none, looks: page.total };
    if (!named || !field.selectionSet || !isCompositeType(named)) return none;
    const args = argumentsOf(definition, field, coerced!);
    const connection = connectionOf(named, args, type, looksOf);
    const inner = ofSelections(field.selectionSet, named, connection ?? pageOf(args));
    if (connection)
      return {
        answers: 1 + inner.answers,
        looks: connection.page + inner.looks,
        longest: Math.max(connection.first, inner.longest),
      };
    const listed = isListType(getNullableType(definition.type));
    const length = listed ? (idsIn(args) ?? page?.first ?? partsOfOne) : 1;
    const most = listed && page ? Math.min(length, page.most) : length;
    return { ...inner, answers: length * (1 + inner.answers), looks: most * inner.looks };
  }

  function ofSelections({ selections }: SelectionSetNode, type: GraphQLNamedType, page: Connection | undefined): Cost {
    return selections.reduce((sum, selection) => {
      if (selection.kind === Kind.FIELD) return plus(sum, ofField(selection, type, page));
      if (selection.kind === Kind.FRAGMENT_SPREAD) return plus(sum, ofFragment(selection.name.value, page));
      const on = selection.typeCondition ? schema.getType(selection.typeCondition.name.value)! : type;
      return plus(sum, ofSelections(selection.selectionSet, on, page));
    }, none);
  }

  function ofFragment(name: string, page: Connection | undefined): Cost {
    const key = `${name} ${page?.first} ${page?.total} ${page?.most}`;
    const { typeCondition, selectionSet } = fragments.get(name)!;
    const cost = known.get(key) ?? ofSelections(selectionSet, schema.getType(typeCondition.name.value)!, page);
    known.set(key, cost);
    return cost;
  }

  return ofSelections(operation.selectionSet, schema.getRootType(operation.operation)!, undefined);
}

function plus(one: Cost, other: Cost): Cost {
  return {
    answers: one.answers + other.answers,
    looks: one.looks + other.looks,
    longest: Math.max(one.longest, other.longest),
  };
}

type Arguments = Readonly<Record<string, unknown>>;

function argumentsOf(definition: GraphQLField<unknown, unknown>, field: FieldNode, variables: Arguments): Arguments {
  try {
    return getArgumentValues(definition, field, variables);
  } catch {
    // The field is refused with the same error when it is its turn.
    return {};
  }
}

/** The page that a field answers with; absent for what is none. */
function connectionOf(
  { name }: GraphQLNamedType,
  args: Arguments,
  { name: around }: GraphQLNamedType,
  looksOf: LooksOf,
): Connection | undefined {
  const object = name.endsWith('Connection') ? name.slice(0, -'Connection'.length) : '';
  if (!Object.hasOwn(objects, object)) return undefined;
  const first = typeof args['first'] === 'number' ? Math.max(0, args['first']) : defaultFirst;
  return { first, ...looksOf(object, args, Object.hasOwn(objects, around) ? around : undefined) };
}

/** A page that is no connection: as many as it says, and nothing is looked at. */
function pageOf({ first }: Arguments): Connection | undefined {
  return typeof first === 'number' ? { first: Math.max(0, first), page: 0, total: 0, most: Infinity } : undefined;
}

function idsIn({ ids }: Arguments): number | undefined {
  return Array.isArray(ids) ? ids.length : undefined;
}
