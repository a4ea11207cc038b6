import type { z } from 'zod';
import { Fault, invalid } from '../errors.js';
import { levelOfModel, noAttribute, type Level } from '../level.js';
import { attributeAt } from '../paths.js';
import { operators, type Condition, type Filter, type Operator } from './ast.js';
import { keyName, parsePath, printPath } from './attribute-path.js';
import { mostCharacters, mostExpressions, mostValues, tooMuchSought } from './limits.js';
import { comingFrom, type Offsets } from './origin.js';

/** A condition in the spelling of the API it came from. */
export interface RawCondition extends Condition {
  readonly offsets: Offsets;
}

/** What was read so far of a filter that may come in several texts. */
export interface Counts {
  expressions: number;
  values: number;
  /** Of the values, those that texts must contain. */
  sought: number;
}

export function noneYet(): Counts {
  return { expressions: 0, values: 0, sought: 0 };
}

/** Whether its values are sought within texts. */
export const seeks = (operator: Operator): boolean => operator === 'cont' || operator === 'ncont';

/** Operators that take one value. */
export const single: ReadonlySet<Operator> = new Set<Operator>(['eq', 'neq', 'gt', 'lt', 'gte', 'lte']);

function fault(message: string, position: number): Fault {
  return invalid(message, 'filter', position);
}

function isOperator(text: string): text is Operator {
  return (operators as readonly string[]).includes(text);
}

/** Where the next of `signs` stands at or behind `start`; the length of the text when there is none. */
function next(text: string, signs: string, start: number): number {
  for (let index = start; index < text.length; index += 1) if (signs.includes(text[index]!)) return index;
  return text.length;
}

/** Reads a quoted value whose opening quote stands at `start`; the end is behind the closing one. */
function readQuoted(text: string, start: number): { value: string; end: number } {
  for (let quote = text.indexOf("'", start + 1); quote !== -1; quote = text.indexOf("'", quote + 2)) {
    if (text[quote + 1] !== "'") return { value: text.slice(start + 1, quote).replaceAll("''", "'"), end: quote + 1 };
  }
  throw fault('This quote is never closed; a quote inside a value is written twice.', start);
}

function readValue(text: string, start: number): { value: string; end: number } {
  if (text[start] === "'") return readQuoted(text, start);
  const end = next(text, ",)';", start);
  if (text[end] === "'" || text[end] === ';')
    throw fault(`A value that holds ${text[end]} is written in single quotes.`, end);
  if (end === start && end < text.length) throw fault("A value is missing; the empty text is written ''.", start);
  return { value: text.slice(start, end), end };
}

function readOperator(text: string, start: number): Operator {
  const operator = text.slice(start, next(text, ',)', start));
  if (!isOperator(operator)) throw fault(`'${operator}' is no operator; known are ${operators.join(', ')}.`, start);
  return operator;
}

function readValues(
  text: string,
  start: number,
  operator: Operator,
  counts: Counts,
): { values: string[]; offsets: number[]; end: number } {
  const values: string[] = [];
  const offsets: number[] = [];
  for (let from = start; ;) {
    if (values.length === 1 && single.has(operator))
      throw fault(`'${operator}' takes one value; one that holds , is written in single quotes.`, from);
    const { value, end } = readValue(text, from);
    counts.values += 1;
    if (counts.values > mostValues) throw fault(`More than ${mostValues} values in one filter; ask twice.`, from);
    const unbearable = seeks(operator) && tooMuchSought((counts.sought += 1), value);
    if (unbearable) throw fault(unbearable, from);
    values.push(value);
    offsets.push(from);
    if (text[end] === ')') return { values, offsets, end: end + 1 };
    if (text[end] !== ',') throw fault("')' is missing.", end);
    from = end + 1;
  }
}

function readExpression(text: string, start: number, counts: Counts): { condition: RawCondition; end: number } {
  if (text[start] !== '(')
    throw fault("An expression is missing here; it is written '(operator,attribute,value)'.", start);
  const operator = readOperator(text, start + 1);
  const pathStart = start + operator.length + 2;
  const pathEnd = next(text, ',)', pathStart);
  if (text[pathStart - 1] !== ',') throw fault('The attribute is missing.', pathStart - 1);
  const written = text.slice(pathStart, pathEnd);
  const keys = written.endsWith(`/${keyName}`);
  const path = parsePath(keys ? written.slice(0, -keyName.length - 1) : written, 'filter', pathStart);
  if (text[pathEnd] !== ',') throw fault('The value is missing.', pathEnd);
  const { values, offsets, end } = readValues(text, pathEnd + 1, operator, counts);
  return {
    condition: { operator, path, ...(keys && { keys }), values, offsets: { path: pathStart, values: offsets } },
    end,
  };
}

/**
 * Reads a filter of ETSI NFV-SOL 013 5.2, already percent-decoded. All the conditions must hold; the empty text has
 * none. Throws INVALID with the position of the fault.
 * @internal
 */
export function parseExpressions(text: string, counts: Counts = noneYet()): readonly RawCondition[] {
  if (text.length > mostCharacters)
    throw fault(`A filter is longer than ${mostCharacters} characters; ask twice.`, mostCharacters);
  const conditions: RawCondition[] = [];
  for (let start = 0; text !== '';) {
    const { condition, end } = readExpression(text, start, counts);
    conditions.push(condition);
    counts.expressions += 1;
    if (counts.expressions > mostExpressions)
      throw fault(`More than ${mostExpressions} expressions in one filter; ask twice.`, start);
    if (end === text.length) break;
    if (text[end] !== ';') throw fault("Expressions are joined by ';'.", end);
    start = end + 1;
  }
  return conditions;
}

/** From an API's names to the path in the model; undefined when they lead nowhere. */
export type Names = (names: readonly string[]) => readonly string[] | undefined;

/** From a value as an API shows it to the model's; throws when it is none. */
export type Decode = (names: readonly string[], shown: string) => string;

function decoded(raw: RawCondition, decode: Decode): readonly string[] {
  return raw.values.map((shown, index) => {
    try {
      return decode(raw.path, shown);
    } catch (error) {
      const reason = error instanceof Fault ? error.message : `'${shown}' is no value of '${printPath(raw.path)}'.`;
      throw fault(reason, raw.offsets.values[index]!);
    }
  });
}

/**
 * The filter of all the `filter` parameters of a request together, in the model's names; undefined when there is none.
 * `CompiledPresenter` has both translations, and the level of its names.
 */
export function parseFilter(texts: readonly string[], names: Names, level: Level, decode?: Decode): Filter | undefined {
  const counts = noneYet();
  const read = texts.flatMap((text) => parseExpressions(text, counts));
  const all = read.map((raw): Condition => {
    const path = names(raw.path);
    if (!path) throw fault(noAttribute(level, raw.path), raw.offsets.path);
    const values = decode && !raw.keys ? decoded(raw, decode) : raw.values;
    const condition = { operator: raw.operator, path, ...(raw.keys && { keys: true }), values };
    return comingFrom(condition, { at: 'filter', offsets: raw.offsets });
  });
  return all.length > 1 ? { all } : all[0];
}

/** The filter of a text in a model's own names. */
export function parseModelFilter(text: string, model: z.ZodObject): Filter | undefined {
  return parseFilter([text], (path) => (attributeAt(model, path) ? path : undefined), levelOfModel(model));
}
