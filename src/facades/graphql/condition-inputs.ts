import { Field, Float, ID, InputType, Int, type ClassType } from 'type-graphql';
import type { Operator } from '#schema/filter/ast.js';
import type { TypeValue } from './graphql-type.js';

/** GraphQL's names of the operators. */
export const operatorOf = {
  eq: 'eq',
  neq: 'neq',
  in: 'in',
  nin: 'nin',
  gt: 'gt',
  gte: 'gte',
  lt: 'lt',
  lte: 'lte',
  contains: 'cont',
  notContains: 'ncont',
} as const satisfies Record<string, Operator>;

type Name = keyof typeof operatorOf;

const meaning: Readonly<Record<Name, string>> = {
  eq: 'Equal to this.',
  neq: 'Not equal to this, or absent.',
  in: 'Equal to one of these; no object when there are none.',
  nin: 'Equal to none of these, or absent.',
  gt: 'Greater than this.',
  gte: 'Greater than or equal to this.',
  lt: 'Less than this.',
  lte: 'Less than or equal to this.',
  contains: 'Contains this text.',
  notContains: 'Does not contain this text, or is absent.',
};

const equality: readonly Name[] = ['eq', 'neq', 'in', 'nin'];
const order: readonly Name[] = ['gt', 'gte', 'lt', 'lte'];
const substring: readonly Name[] = ['contains', 'notContains'];

/** An input whose members are operators over `type`; all that are given must hold. */
function conditions(name: string, type: TypeValue, operators: readonly Name[], description: string): ClassType {
  const made = { [name]: class {} }[name]!;
  for (const operator of operators) {
    const many = operator === 'in' || operator === 'nin';
    Field(() => (many ? [type] : type), { nullable: true, description: meaning[operator] })(made.prototype, operator);
  }
  InputType(name, { description })(made);
  return made;
}

const listed = 'Of a list one value must satisfy it.';
const all = [...equality, ...order, ...substring];

const IdFilter = conditions(
  'IDFilter',
  ID,
  equality,
  `Conditions on an identifier; UUIDs compare without regard to case. ${listed}`,
);
const StringFilter = conditions('StringFilter', String, all, `Conditions on a text, compared by code point. ${listed}`);
const IntFilter = conditions('IntFilter', Int, [...equality, ...order], `Conditions on a whole number. ${listed}`);
const FloatFilter = conditions('FloatFilter', Float, [...equality, ...order], `Conditions on a number. ${listed}`);
const BooleanFilter = conditions('BooleanFilter', Boolean, ['eq', 'neq'], 'Conditions on a boolean.');

/** Conditions on what stands somewhere below an attribute whose members are not known beforehand. */
export const PathFilter = conditions(
  'PathFilter',
  String,
  all,
  'Conditions on a member of a map. Values are text; numbers and booleans are compared with what they look like.',
);
Field(() => String, {
  description:
    'Names from the attribute down, joined by /; in a name ~ is ~0, / is ~1, comma is ~a and @ is ~b. A last name @key stands for the keys.',
})(PathFilter.prototype as object, 'path');

const byType = new Map<TypeValue, ClassType>([
  [ID, IdFilter],
  [String, StringFilter],
  [Int, IntFilter],
  [Float, FloatFilter],
  [Boolean, BooleanFilter],
]);

/** The conditions on values of a type; what is neither a scalar of GraphQL nor known before is an enum. */
export function conditionsOn(type: TypeValue, name: string): ClassType {
  const known = byType.get(type) ?? conditions(`${name}Filter`, type, equality, `Conditions on a ${name}. ${listed}`);
  byType.set(type, known);
  return known;
}
