import { z } from 'zod';
import type { Value } from '../change.js';
import type { ObjectDefinition } from '../object.js';
import { levelOfModel, noAttribute } from '../level.js';
import { attributeAt, attributeOf } from '../paths.js';
import type { Condition, Filter } from './ast.js';
import { testOf, type Test } from './compare.js';
import { faultIn } from './origin.js';

/**
 * Whether a filter holds for a value of the object it was compiled for. Only odd values are copied for it: a UUID in
 * upper case, a date-time with an offset.
 */
export type Predicate = (value: Value) => boolean;

/** What a condition says of an object that lacks its attribute: only the negative operators hold (contract 3.1). */
export function holdsWhenAbsent({ operator }: Condition): boolean {
  return operator === 'neq' || operator === 'nin' || operator === 'ncont';
}

/**
 * Whether the test holds for at least one value at `path` from `depth` on: lists are stepped into wherever they
 * stand. Null and an empty list are absent.
 */
function holdsAt(value: unknown, path: readonly string[], depth: number, test: Test, absent: boolean): boolean {
  if (value === undefined || value === null) return absent;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      if (holdsAt(value[index], path, depth, test, absent)) return true;
    }
    return value.length === 0 && absent;
  }
  if (depth === path.length) return test(value);
  const name = path[depth]!;
  // Names come from outside once the path has entered a map: `constructor` is a key there like any other.
  if (typeof value !== 'object' || !Object.hasOwn(value, name)) return absent;
  return holdsAt((value as Value)[name], path, depth + 1, test, absent);
}

/** Turns a test of a key into one of the map that has it. */
function anyKey(test: Test, absent: boolean): Test {
  return (map) => {
    if (typeof map !== 'object' || map === null) return absent;
    let empty = true;
    for (const key in map) {
      if (test(key)) return true;
      empty = false;
    }
    return empty && absent;
  };
}

const key = attributeOf(z.string());

/** What a condition says of an object by what that has stored at the first name of the condition's path. */
export function compileStored({ model, name }: ObjectDefinition, condition: Condition): Test {
  const { path, keys } = condition;
  const attribute = attributeAt(model, path);
  if (!attribute) throw faultIn(condition, 'path', noAttribute(levelOfModel(model), path, `of ${name}`));
  if (condition.values.length === 0)
    throw faultIn(condition, 'path', `The condition on '${path.join('/')}' has no value.`);
  const absent = holdsWhenAbsent(condition);
  if (keys && attribute.kind !== 'map' && attribute.kind !== 'object' && attribute.kind !== 'json') {
    throw faultIn(condition, 'path', `'${path.join('/')}' is no map and has no keys.`);
  }
  const test = keys ? anyKey(testOf(condition, key), absent) : testOf(condition, attribute);
  if (path.length > 1) return (stored) => holdsAt(stored, path, 1, test, absent);
  return (stored) =>
    typeof stored === 'object' || stored === undefined ? holdsAt(stored, path, 1, test, absent) : test(stored);
}

function compileCondition(definition: ObjectDefinition, condition: Condition): Predicate {
  const first = condition.path[0]!;
  const holds = compileStored(definition, condition);
  return (value) => holds(value[first]);
}

/** All of the predicates. */
export function every(parts: readonly Predicate[]): Predicate {
  const [first, second] = parts;
  if (parts.length === 1) return first!;
  if (parts.length === 2) return (value) => first!(value) && second!(value);
  return (value) => {
    for (let index = 0; index < parts.length; index += 1) if (!parts[index]!(value)) return false;
    return true;
  };
}

/** One of the predicates. */
export function some(parts: readonly Predicate[]): Predicate {
  return (value) => {
    for (let index = 0; index < parts.length; index += 1) if (parts[index]!(value)) return true;
    return false;
  };
}

/** Throws INVALID when the filter names what the object has not, or a value that its attribute cannot have. */
export function compileFilter(definition: ObjectDefinition, filter: Filter): Predicate {
  if ('all' in filter) return every(filter.all.map((part) => compileFilter(definition, part)));
  if ('any' in filter) return some(filter.any.map((part) => compileFilter(definition, part)));
  return compileCondition(definition, filter);
}
