import type { z } from 'zod';
import { invalid } from '#schema/errors.js';
import type { Condition, Filter } from '#schema/filter/ast.js';
import { keyName, parsePath } from '#schema/filter/attribute-path.js';
import { comingFrom } from '#schema/filter/origin.js';
import { attributeAt } from '#schema/paths.js';
import { operatorOf } from './condition-inputs.js';

type Members = Readonly<Record<string, unknown>>;

/** Every object is compared with every condition. */
const mostConditions = 100;

/** The filter that a `where` means; undefined when it has no condition. Throws INVALID, naming the member. */
export function filterOf(model: z.ZodObject, where: unknown): Filter | undefined {
  const parts = partsOf(model, where as Members, [], 'where');
  if (parts.reduce((sum, part) => sum + sizeOf(part), 0) > mostConditions) {
    throw invalid(
      `'where' has more than ${mostConditions} conditions; use 'in' for many values, or ask twice.`,
      'where',
    );
  }
  return parts.length === 0 ? undefined : together(parts);
}

function together(parts: readonly Filter[]): Filter {
  return parts.length === 1 ? parts[0]! : { all: parts };
}

function sizeOf(filter: Filter): number {
  if ('operator' in filter) return 1;
  return ('all' in filter ? filter.all : filter.any).reduce((sum, part) => sum + sizeOf(part), 1);
}

/** What must hold: `path` leads to the object whose members these are, `at` is where they stand in the input. */
function partsOf(model: z.ZodObject, where: Members, path: readonly string[], at: string): Filter[] {
  return Object.entries(where).flatMap(([name, given]): Filter[] => {
    const here = `${at}.${name}`;
    refuseNull(given, here);
    if (name === 'and') return alternatives(model, given, path, here).map(together);
    if (name === 'or') return [{ any: alternatives(model, given, path, here).map(together) }];
    const below = [...path, name];
    const { kind, schema } = attributeAt(model, [name])!;
    if (Array.isArray(given)) return given.flatMap((each: Members, index) => byPath(each, below, `${here}.${index}`));
    if (kind === 'object') return partsOf(schema as z.ZodObject, given as Members, below, here);
    return conditions(given as Members, { path: below }, here);
  });
}

function alternatives(model: z.ZodObject, given: unknown, path: readonly string[], at: string): Filter[][] {
  return (given as readonly Members[]).map((each, index) => partsOf(model, each, path, `${at}.${index}`));
}

/** Conditions on a member of a map. */
function byPath({ path: written, ...operators }: Members, path: readonly string[], at: string): Filter[] {
  const text = written as string;
  const keys = text === keyName || text.endsWith(`/${keyName}`);
  const names = keys ? text.slice(0, -keyName.length - 1) : text;
  const below = keys && names === '' ? path : [...path, ...parsePath(names, `${at}.path`, 0)];
  return conditions(operators, { path: below, ...(keys && { keys }) }, at);
}

function conditions(operators: Members, where: Pick<Condition, 'path' | 'keys'>, at: string): Filter[] {
  return Object.entries(operators).map(([name, given]): Filter => {
    refuseNull(given, `${at}.${name}`);
    const operator = operatorOf[name as keyof typeof operatorOf];
    const values = (Array.isArray(given) ? given : [given]).map(String);
    // One of none is never true, none of none always is.
    if (values.length === 0) return operator === 'in' ? { any: [] } : { all: [] };
    return comingFrom({ ...where, operator, values }, { at: `${at}.${name}` });
  });
}

/** Whether null means 'absent' or 'not asked' cannot be known, and one of them finds everything. */
function refuseNull(given: unknown, at: string): void {
  if (given === null) throw invalid(`'${at}' is null, which is no condition; leave it out.`, at);
}
