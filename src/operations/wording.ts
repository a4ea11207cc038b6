import type { z } from 'zod';
import type { ObjectDefinition } from '#schema/object.js';
import { nearest } from '#schema/suggestion.js';

type Raw = z.core.$ZodRawIssue;

/** An operation takes an object in one of these. */
const wrapped: ReadonlySet<PropertyKey> = new Set(['value', 'patch']);

/** `wording` for an operation on an object, which is named where a member is none of its, or cannot be written. */
export function wordingOf({
  name,
  model,
}: Pick<ObjectDefinition, 'name' | 'model'>): (issue: Raw) => string | undefined {
  return (issue) => {
    const ofObject = issue.code === 'unrecognized_keys' && issue.path?.length === 1 && wrapped.has(issue.path[0]!);
    if (!ofObject) return wording(issue);
    const isAttribute = (key: string) => Object.hasOwn(model.shape, key);
    const readOnly = issue.keys.filter(isAttribute);
    const strangers = issue.keys.filter((key) => !isAttribute(key));
    return [
      ...(readOnly.length > 0 ? [`${quoted(readOnly)} of ${name} can only be read here`] : []),
      ...(strangers.length > 0 ? [unknown({ ...issue, keys: strangers }, `of ${name}`)] : []),
    ].join('; ');
  };
}

/** What is wrong with a place of an input, to be read behind the name of the place. Models that say it themselves outrank it. */
export function wording(issue: Raw): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is required';
      return `must be ${named[issue.expected] ?? issue.expected}, was ${kindOf(issue.input)}`;
    case 'unrecognized_keys':
      return unknown(issue, 'here');
    case 'too_big':
      return bounded(issue, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'too_small':
      return bounded(issue, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'invalid_value':
      if (issue.input === undefined) return 'is required';
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return `must be ${formats[issue.format] ?? `written otherwise (${issue.format})`}`;
    case 'invalid_union':
      return alternatives(issue);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    default:
      return undefined;
  }
}

/** A sentence of a place and what is wrong with it; what a model says itself stands alone behind a colon. */
export function sentence(path: readonly PropertyKey[], message: string): string {
  const at = path.map(String).join('/') || 'input';
  return /^(is|must) /.test(message) ? `${at} ${message}` : `${at}: ${message}`;
}

const named: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  date: 'a time',
};

const formats: Readonly<Record<string, string>> = {
  datetime: 'a time in RFC 3339',
  uuid: 'a UUID',
  url: 'a URL',
};

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a number with a fraction';
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function bounded({ origin }: { readonly origin?: string }, how: string, bound: number | bigint): string {
  if (origin === 'string') return `must have ${how} ${bound} characters`;
  if (origin === 'array' || origin === 'set') return `must have ${how} ${bound} items`;
  return `must be ${how} ${bound}`;
}

/** Of so many unknown members it is asked which known one was meant. */
const mostGuessed = 8;

function unknown({ keys, inst }: Extract<Raw, { readonly code: 'unrecognized_keys' }>, where: string): string {
  const known = Object.keys((inst as z.core.$ZodObject | undefined)?._zod.def.shape ?? {});
  const near = keys.slice(0, mostGuessed).flatMap((key) => nearest(key, known) ?? []);
  const meant = near.length === 0 ? '' : ` (did you mean ${quoted(near)}?)`;
  return `${quoted(keys)} ${keys.length > 1 ? 'are not members' : 'is not a member'} ${where}${meant}`;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}

/** Of each form that it could have taken, the first thing that is wrong. */
function alternatives({ errors, input }: Extract<Raw, { readonly code: 'invalid_union' }>): string {
  if (input === undefined) return 'is required';
  const each = errors.flatMap(([first]) =>
    first ? [sentence(first.path, first.message).replace(/^input:? /, '')] : [],
  );
  return each.length === 0 ? 'is none of the forms it may have' : [...new Set(each)].join(', or ');
}
