import type { Filter } from '#schema/filter/ast.js';
import { indexable, type Conjunct } from '#schema/filter/plan.js';
import type { ObjectDefinition } from '#schema/object.js';
import { attributeAt } from '#schema/paths.js';
import type { Tested } from './condition.js';

/** A filter names what need not be reported (`exclude`, the specification's sense) or what must be. */
export type FilterMode = 'exclude' | 'include';

/** A value that an object's indexed attribute has, UUIDs in lower case. */
export interface AttributeKey {
  readonly attribute: string;
  readonly value: string;
}

/** Any of the groups, of which all conditions hold. */
export type Alternatives = readonly (readonly Tested[])[];

/** More lists than these cost more to keep than they spare. */
const mostKeys = 100;

function shortest(choices: readonly (readonly Conjunct[] | undefined)[]): readonly Conjunct[] | undefined {
  const size = (choice: readonly Conjunct[]) => choice.reduce((sum, { values }) => sum + values.length, 0);
  return choices.filter((choice) => choice !== undefined).sort((a, b) => size(a) - size(b))[0];
}

function oneOf(definition: ObjectDefinition, filter: Filter): readonly Conjunct[] | undefined {
  return shortest(indexable(definition, filter).conjuncts.map((conjunct) => [conjunct]));
}

/** What is included has at least one of these: for each group the shortest of its conjuncts. */
function ofIncluded(definition: ObjectDefinition, groups: Alternatives): readonly Conjunct[] | undefined {
  const each = groups.map((group) => oneOf(definition, { all: group.map(({ condition }) => condition) }));
  return each.every((conjuncts) => conjuncts !== undefined) ? each.flat() : undefined;
}

/**
 * What escapes every group escapes this one: one of its conditions fails. That `neq` or `nin` fails means that the attribute
 * is there and that each of its values is a listed one: no less than `in`, and more where it is a list.
 */
function ofExcluded(definition: ObjectDefinition, groups: Alternatives): readonly Conjunct[] | undefined {
  const escapes = groups.map((group) => {
    const each = group.map(({ condition }) => {
      const negative = condition.operator === 'neq' || condition.operator === 'nin';
      return negative ? oneOf(definition, { ...condition, operator: 'in' }) : undefined;
    });
    return each.every((conjuncts) => conjuncts !== undefined) ? each.flat() : undefined;
  });
  return shortest(escapes);
}

/** Whether having one of the keys is all that is asked: what `nin` says of a list is more than its values tell. */
function isExact({ model }: ObjectDefinition, groups: Alternatives, mode: FilterMode): boolean {
  if (mode === 'include') return groups.every((group) => group.length === 1);
  return groups.length === 1 && groups[0]!.every(({ condition }) => !attributeAt(model, condition.path)!.list);
}

/** What an index can do for a filter. */
export interface Keys {
  /** Every object that is reported has one of these. */
  readonly any: readonly AttributeKey[];
  /** Every object that has one is reported. */
  readonly exact: boolean;
}

/** Values of one attribute, of which whatever the filter is true of has one; undefined when nothing can be said. */
export function keysOfFilter(definition: ObjectDefinition, filter: Filter): readonly AttributeKey[] | undefined {
  return few(oneOf(definition, filter));
}

function few(conjuncts: readonly Conjunct[] | undefined): readonly AttributeKey[] | undefined {
  const any = conjuncts?.flatMap(({ attribute, values }) => values.map((value) => ({ attribute, value })));
  return any && any.length <= mostKeys ? any : undefined;
}

/** Undefined when nothing can be said. */
export function keysOf(definition: ObjectDefinition, groups: Alternatives, mode: FilterMode): Keys | undefined {
  const any = few(mode === 'include' ? ofIncluded(definition, groups) : ofExcluded(definition, groups));
  return any && { any, exact: isExact(definition, groups, mode) };
}
