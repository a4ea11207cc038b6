import type { $ZodType, $ZodError, $ZodIssue, $ZodRawIssue } from 'zod/v4/core';
import { knownKeys, member, modelsAt, type AdapterModels } from './model-walk.js';
import { suggestion } from '#schema/suggestion.js';

/** A fault, and where in the value. */
export interface Found {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Faults that a model found, in sentences; `at` is where the parsed part stands in `value`, `root` the model of `value`. */
export function problemsOf(
  error: $ZodError,
  at: readonly PropertyKey[],
  value: unknown,
  root: $ZodType,
  adapters: AdapterModels,
): readonly Found[] {
  return error.issues.flatMap(innermost).flatMap((issue): readonly Found[] => {
    const path = [...at, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      const known = knownKeys(modelsAt(root, path, value, adapters));
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: `There is no such setting.${suggestion(key, known)}`,
      }));
    }
    return [{ path, message: sentence(issue, path, value) }];
  });
}

/** Of a value that may be of several kinds: what is wrong inside it, if it is of one of them. */
function innermost(issue: $ZodIssue): readonly $ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const inside = issue.errors.find((issues) => issues.length > 0 && issues.every(({ path }) => path.length > 0));
  return inside?.map((each) => ({ ...each, path: [...issue.path, ...each.path] })).flatMap(innermost) ?? [issue];
}

/** What a model says of a value when it has no words of its own. */
export function wording(issue: $ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_value': {
      const values = issue.values.map(String);
      const near = typeof issue.input === 'string' ? suggestion(issue.input, values) : '';
      return `Needs ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}.${near}`;
    }
    case 'invalid_key':
      return `This name cannot stand here: ${issue.issues[0]?.message ?? 'it is none.'}`;
    case 'too_small':
      return `Needs at least ${issue.minimum}${unitOf(issue.origin, Number(issue.minimum))}.`;
    case 'too_big':
      return `Takes at most ${issue.maximum}${unitOf(issue.origin, Number(issue.maximum))}.`;
    case 'invalid_format':
      return formats[issue.format];
    default:
      return undefined;
  }
}

const formats: Readonly<Record<string, string>> = {
  datetime: 'Needs a time in RFC 3339, such as 2027-01-31T12:00:00Z.',
  guid: 'Needs a UUID, such as 5b1e0c6e-0d5a-4c2e-9f64-0c4d1c6a7e11.',
  url: 'Needs a URL, such as https://gateway.example.',
};

const units: Readonly<Record<string, readonly [one: string, many: string]>> = {
  array: ['entry', 'entries'],
  string: ['character', 'characters'],
};

function unitOf(origin: string, count: number): string {
  const unit = units[origin];
  return unit ? ` ${unit[count === 1 ? 0 : 1]}` : '';
}

function sentence(issue: $ZodIssue, path: readonly PropertyKey[], value: unknown): string {
  const actual = path.reduce(member, value);
  if (issue.code === 'invalid_type' && actual === undefined) return `Missing; needs ${article(issue.expected)}.`;
  if (issue.code === 'invalid_type') return `Needs ${article(issue.expected)}, not ${kindOf(actual)}.`;
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const firsts = issue.errors.flatMap(([first]) => first ?? []);
    const kinds = firsts.flatMap((each) => (each.code === 'invalid_type' ? article(each.expected) : []));
    if (kinds.length === firsts.length) return `Needs ${kinds.join(' or ')}, not ${kindOf(actual)}.`;
    return firsts.map((each) => sentence(each, path, value)).join(', or: ');
  }
  return issue.message;
}

function article(expected: string): string {
  if (expected === 'array') return 'a list';
  if (expected === 'int') return 'a whole number';
  if (expected === 'object' || expected === 'record') return 'settings (`name: value`)';
  return `a ${expected}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'settings' : `a ${typeof value}`;
}
