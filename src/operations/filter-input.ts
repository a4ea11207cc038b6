import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { invalid } from '#schema/errors.js';
import { conditionsIn, operators, type Condition, type Filter, type Operator } from '#schema/filter/ast.js';
import { mostNames, mostValues, tooMuchSought } from '#schema/filter/limits.js';
import { comingFrom, faultIn, hasOrigin } from '#schema/filter/origin.js';
import { parseModelFilter, seeks, single } from '#schema/filter/parse.js';
import type { ObjectDefinition } from '#schema/object.js';

/** Conditions and groups: a `where`, a `filter` and a relation of GraphQL together have at most 204. */
const mostParts = 256;
/** Of all names and values: a thousand UUIDs and more. */
const mostCharacters = 65_536;

interface Counts {
  parts: number;
  values: number;
  sought: number;
  characters: number;
}

/** Filters by their shape, so that a fault is told of what was meant. What we made of a text comes back as it is. */
function structured(raw: unknown, at: string, counts: Counts): Filter {
  counts.parts += 1;
  if (counts.parts > mostParts)
    throw invalid(
      `A filter has more than ${mostParts} conditions and groups; use 'in' for many values, or ask twice.`,
      at,
    );
  if (typeof raw !== 'object' || raw === null) throw invalid(`${shapes}.`, at);
  if (hasOrigin(raw)) return counted(raw, counts);
  const group = (['all', 'any'] as const).find((name) => Object.hasOwn(raw, name));
  if (!group) return counted(condition(raw as Members, at), counts);
  const parts = (raw as Members)[group];
  onlyHas(raw, [group], at);
  if (!Array.isArray(parts)) throw invalid(`'${group}' is a list of filters.`, `${at}/${group}`);
  const read = parts.map((part: unknown, index) => structured(part, `${at}/${group}/${index}`, counts));
  return group === 'all' ? { all: read } : { any: read };
}

type Members = Readonly<Record<string, unknown>>;

const shapes =
  'A filter is a text, a condition { operator, path, keys?, values }, or filters together as { all: [] } or { any: [] }';

function condition(raw: Members, at: string): Condition {
  const { operator, path, keys, values } = raw;
  if (!Object.hasOwn(raw, 'operator')) throw invalid(`${shapes}; this is none of these.`, at);
  onlyHas(raw, ['operator', 'path', 'keys', 'values'], at);
  if (!(operators as readonly unknown[]).includes(operator))
    throw invalid(`The operator must be one of ${operators.join(', ')}.`, `${at}/operator`);
  if (!isTexts(path)) throw invalid('The path must be a list of at least one name.', `${at}/path`);
  if (path.length > mostNames) throw invalid(`A path has at most ${mostNames} names.`, `${at}/path/${mostNames}`);
  if (keys !== undefined && typeof keys !== 'boolean') throw invalid("'keys' must be true or false.", `${at}/keys`);
  if (!isTexts(values)) throw invalid('The values must be a list of at least one text.', `${at}/values`);
  if (values.length > 1 && single.has(operator as Operator))
    throw invalid(`'${operator as Operator}' takes one value.`, `${at}/values/1`);
  return comingFrom({ operator: operator as Operator, path, ...(keys && { keys }), values }, { at });
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string');
}

function onlyHas(raw: object, known: readonly string[], at: string): void {
  const stray = Object.keys(raw).find((name) => !known.includes(name));
  if (stray !== undefined) throw invalid(`'${stray}' cannot stand here; known are ${known.join(', ')}.`, at);
}

function counted(read: Condition, counts: Counts): Condition {
  const before = counts.values;
  counts.values += read.values.length;
  if (counts.values > mostValues)
    throw faultIn(read, mostValues - before, `More than ${mostValues} values in one filter; ask twice.`);
  if (seeks(read.operator))
    for (const [index, value] of read.values.entries()) {
      const unbearable = tooMuchSought((counts.sought += 1), value);
      if (unbearable) throw faultIn(read, index, unbearable);
    }
  for (const text of [...read.path, ...read.values]) counts.characters += text.length;
  if (counts.characters > mostCharacters)
    throw faultIn(read, 'path', `More than ${mostCharacters} characters in one filter; ask twice.`);
  return read;
}

/** A filter as text (SOL 013 grammar over the model's names) or already taken apart. */
export const FilterInput = z
  .custom<string | Filter>()
  .transform((raw) =>
    typeof raw === 'string' ? raw : structured(raw, 'filter', { parts: 0, values: 0, sought: 0, characters: 0 }),
  )
  .describe('Which objects: an expression of ETSI NFV-SOL 013 5.2 over the attributes.');

interface Parsed {
  readonly filter: Filter | undefined;
}

/** Of all that is made of texts: two thousand of the longest took 95 MiB. */
const parsedBytes = 8 * 1024 * 1024;
const parsed = new LRUCache<string, Parsed>({ maxSize: parsedBytes, sizeCalculation: sizeOf });
/** Two definitions may have one name. */
const numbers = new WeakMap<ObjectDefinition, number>();
let defined = 0;

/** About what is kept of it: with the text, its parts and where each stood in it. */
function sizeOf({ filter }: Parsed, key: string): number {
  const values = filter ? conditionsIn(filter).reduce((sum, each) => sum + each.values.length, 0) : 0;
  return 500 + 10 * key.length + 50 * values;
}

function keyOf(definition: ObjectDefinition, text: string): string {
  let number = numbers.get(definition);
  if (number === undefined) numbers.set(definition, (number = defined += 1));
  return `${number} ${text}`;
}

/** The filter of an input. A text is parsed once as long as that is kept: the same Filter comes back, with what was compiled for it. */
export function readFilter(definition: ObjectDefinition, input: string | Filter): Filter | undefined {
  if (typeof input !== 'string') return input;
  const key = keyOf(definition, input);
  const known = parsed.get(key);
  if (known) return known.filter;
  const filter = parseModelFilter(input, definition.model);
  parsed.set(key, { filter });
  return filter;
}
