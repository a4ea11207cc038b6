import type { ObjectDefinition } from '../object.js';
import { attributeAt } from '../paths.js';
import type { Condition, Filter } from './ast.js';
import { folded } from './text.js';

/** An attribute that must have one of some values: the union of posting lists that a filter cannot leave. */
export interface Conjunct {
  /** An indexed attribute of the object itself, or what identifies it; a list is posted under each of its values. */
  readonly attribute: string;
  /** Each once, UUIDs in lower case as in the keys of the posting lists. */
  readonly values: readonly string[];
}

/** What posting lists can do for a filter. */
export interface Plan {
  /** Every object that the filter finds is in each of these. */
  readonly conjuncts: readonly Conjunct[];
  /** There is one conjunct, and it finds nothing that the filter does not. */
  readonly exact: boolean;
}

function conjunctOf(
  { model, key }: ObjectDefinition,
  { operator, path, keys, values }: Condition,
): Conjunct | undefined {
  const attribute = path.length === 1 && !keys ? attributeAt(model, path) : undefined;
  if (!attribute || !(attribute.index || path[0] === key)) return undefined;
  if (operator !== 'eq' && operator !== 'in') return undefined;
  if (attribute.kind !== 'string' && attribute.kind !== 'enum') return undefined;
  return { attribute: path[0]!, values: [...new Set(values.map(folded))] };
}

/** Conditions that must all hold; anything else stays whole. */
function conditionsOf(filter: Filter): readonly Filter[] {
  return 'all' in filter ? filter.all.flatMap(conditionsOf) : [filter];
}

/** What of a filter the indexes of the view answer. */
export function indexable(definition: ObjectDefinition, filter: Filter): Plan {
  const parts = conditionsOf(filter);
  const conjuncts = parts.flatMap((part) => ('operator' in part ? (conjunctOf(definition, part) ?? []) : []));
  return { conjuncts, exact: conjuncts.length === 1 && parts.length === 1 };
}

/** A filter in two parts that must both hold. */
export interface Parts {
  /** Each compares one attribute of the object itself as it is stored. */
  readonly stored: readonly Condition[];
  readonly rest: readonly Filter[];
}

/** @param most attributes of what is `stored` */
export function partsOf(definition: ObjectDefinition, filter: Filter, most: number): Parts {
  const attributes = new Set<string>();
  const stored: Condition[] = [];
  const rest: Filter[] = [];
  for (const part of conditionsOf(filter)) {
    if (isStored(definition, part) && attributes.add(part.path[0]!).size <= most) stored.push(part);
    else rest.push(part);
  }
  return { stored, rest };
}

function isStored({ model }: ObjectDefinition, part: Filter): part is Condition {
  return 'operator' in part && part.path.length === 1 && !part.keys && !attributeAt(model, part.path)?.derived;
}
