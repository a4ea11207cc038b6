import type { Attribute } from '../paths.js';
import type { Condition } from './ast.js';
import { faultIn } from './origin.js';
import { compareInstant, sortableInstant } from './instant.js';
import { comparatorOf, folded, isUuid } from './text.js';

/** A comparison of one stored value: never null, undefined or a list. */
export type Test = (stored: unknown) => boolean;

/** Stands below, at or above 0 as the stored value does to the filter's; NaN when they cannot be compared. */
type Compare = (stored: unknown) => number;

/** How the values of one kind of attribute compare; each throws WrongValue for a text that is no value of the kind. */
interface Comparison {
  equal(values: readonly string[]): Test;
  compare(value: string): Compare;
}

/** Where the value stands in its condition is known outside. */
class WrongValue extends Error {
  readonly value: string;

  constructor(value: string, message: string) {
    super(message);
    this.value = value;
  }
}

function noValue(value: string, what: string): never {
  throw new WrongValue(value, `'${value}' is no ${what}.`);
}

/** A Set pays off only for long lists; one value, the common case, is a plain comparison. */
function oneOf<T>(values: readonly T[]): (stored: T) => boolean {
  if (values.length > 4) {
    const set = new Set(values);
    return (stored) => set.has(stored);
  }
  const [only] = values;
  return values.length === 1 ? (stored) => stored === only : (stored) => values.includes(stored);
}

/** UUIDs in any case. What begins otherwise is told apart without a copy in lower case. */
function equalUuid(value: string): Test {
  const lower = value.toLowerCase();
  const begin = lower.charCodeAt(0);
  return (stored) => {
    if (stored === lower) return true;
    if (typeof stored !== 'string' || stored.length !== 36 || (stored.charCodeAt(0) | 0x20) !== begin) return false;
    return stored.toLowerCase() === lower;
  };
}

/** Several texts: the UUIDs among them in any case. */
function equalTexts(values: readonly string[]): Test {
  const exact: Test = oneOf<unknown>(values.map(folded));
  const uuids: Test = oneOf<unknown>(values.filter(isUuid).map(folded));
  if (!values.some(isUuid)) return exact;
  return (stored) =>
    exact(stored) || (typeof stored === 'string' && stored.length === 36 && uuids(stored.toLowerCase()));
}

const text: Comparison = {
  equal: (values) => (values.length === 1 && isUuid(values[0]!) ? equalUuid(values[0]!) : equalTexts(values)),
  compare(value) {
    const compare = comparatorOf(value);
    return (stored) => (typeof stored === 'string' ? compare(stored) : Number.NaN);
  },
};

const numeral = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function numberOf(value: string): number {
  return numeral.test(value) ? Number(value) : Number.NaN;
}

function asNumber(value: string): number {
  const number = numberOf(value);
  return Number.isFinite(number) ? number : noValue(value, 'number');
}

const number: Comparison = {
  equal: (values) => oneOf<unknown>(values.map(asNumber)),
  compare(value) {
    const limit = asNumber(value);
    return (stored) => (typeof stored === 'number' ? stored - limit : Number.NaN);
  },
};

function asBoolean(value: string): boolean {
  return value === 'true' || (value !== 'false' && noValue(value, "boolean; write 'true' or 'false'"));
}

const boolean: Comparison = {
  equal: (values) => oneOf<unknown>(values.map(asBoolean)),
  compare(value) {
    throw new WrongValue(value, `'${value}' is compared with a boolean, which has no order; use eq or neq.`);
  },
};

function asInstant(value: string): string {
  return sortableInstant(value) ?? noValue(value, 'date-time of RFC 3339 (2026-01-31T12:00:00Z)');
}

const dateTime: Comparison = {
  equal(values) {
    const instants = values.map(asInstant);
    return (stored) => typeof stored === 'string' && instants.some((instant) => compareInstant(stored, instant) === 0);
  },
  compare(value) {
    const instant = asInstant(value);
    return (stored) => (typeof stored === 'string' ? compareInstant(stored, instant) : Number.NaN);
  },
};

/** Whatever is stored tells how it is compared; a value that is not of its type is just not equal to it. */
const json: Comparison = {
  equal(values) {
    const texts = text.equal(values);
    const numbers = oneOf<unknown>(values.map(numberOf).filter((value) => !Number.isNaN(value)));
    return (stored) => {
      if (typeof stored === 'string') return texts(stored);
      return typeof stored === 'number'
        ? numbers(stored)
        : typeof stored === 'boolean' && values.includes(String(stored));
    };
  },
  compare(value) {
    const limit = numberOf(value);
    const compare = comparatorOf(value);
    return (stored) => {
      if (typeof stored === 'string') return compare(stored);
      return typeof stored === 'number' ? stored - limit : Number.NaN;
    };
  },
};

function enumeration(members: readonly string[]): Comparison {
  return {
    equal(values) {
      for (const value of values) if (!members.includes(value)) noValue(value, `member of ${members.join(', ')}`);
      return oneOf<unknown>(values);
    },
    compare: text.compare,
  };
}

/** Substrings of texts, and of what a number or boolean looks like. */
function contains(values: readonly string[]): Test {
  return (stored) => {
    if (typeof stored === 'object') return false;
    const shown = typeof stored === 'string' ? stored : String(stored);
    for (let index = 0; index < values.length; index += 1) if (shown.includes(values[index]!)) return true;
    return false;
  };
}

function comparisonOf({ kind, members }: Attribute, condition: Condition): Comparison {
  switch (kind) {
    case 'string':
      return text;
    case 'number':
      return number;
    case 'boolean':
      return boolean;
    case 'date-time':
      return dateTime;
    case 'enum':
      return enumeration(members ?? []);
    case 'json':
      return json;
    case 'map':
    case 'object':
      throw faultIn(
        condition,
        'path',
        `'${condition.path.join('/')}' has parts; a filter names one of them, or ${kind === 'map' ? "'@key'" : 'all with conditions of their own'}.`,
      );
  }
}

const not =
  (test: Test): Test =>
  (stored) =>
    !test(stored);

/** The test that a condition makes of each value at its path, which is `attribute`. Throws INVALID at what is wrong. */
export function testOf(condition: Condition, attribute: Attribute): Test {
  const comparison = comparisonOf(attribute, condition);
  try {
    return madeOf(condition, comparison);
  } catch (error) {
    if (!(error instanceof WrongValue)) throw error;
    throw faultIn(condition, condition.values.indexOf(error.value), error.message);
  }
}

function madeOf({ operator, values }: Condition, comparison: Comparison): Test {
  const compare = (): Compare => comparison.compare(values[0]!);
  switch (operator) {
    case 'eq':
    case 'in':
      return comparison.equal(values);
    case 'neq':
    case 'nin':
      return not(comparison.equal(values));
    case 'cont':
      return contains(values);
    case 'ncont':
      return not(contains(values));
    case 'gt':
      return ordered(compare(), (place) => place > 0);
    case 'gte':
      return ordered(compare(), (place) => place >= 0);
    case 'lt':
      return ordered(compare(), (place) => place < 0);
    case 'lte':
      return ordered(compare(), (place) => place <= 0);
  }
}

function ordered(compare: Compare, holds: (place: number) => boolean): Test {
  return (stored) => holds(compare(stored));
}
