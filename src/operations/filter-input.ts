import { z } from 'zod';
import { operators, type Filter } from '#schema/filter/ast.js';
import { parseFilter } from '#schema/filter/parse.js';
import type { ObjectDefinition } from '#schema/object.js';
import { attributeAt } from '#schema/paths.js';

const Condition = z.strictObject({
  operator: z.enum(operators),
  path: z.array(z.string().max(255)).min(1).max(10),
  keys: z.boolean().optional(),
  values: z.array(z.string().max(4096)).min(1).max(1000),
});

const Structured: z.ZodType<Filter> = z.lazy(() =>
  z.union([
    Condition as unknown as z.ZodType<Filter>,
    z.strictObject({ all: z.array(Structured).max(100) }),
    z.strictObject({ any: z.array(Structured).max(100) }),
  ]),
);

/** A `where`, a `filter` and a relation of GraphQL together: each of the first two has at most 100. */
const mostConditions = 201;

function conditionsIn(filter: Filter): number {
  if ('operator' in filter) return 1;
  const parts = 'all' in filter ? filter.all : filter.any;
  return parts.reduce((sum, part) => sum + conditionsIn(part), 0);
}

const Limited = Structured.refine((filter) => conditionsIn(filter) <= mostConditions, {
  message: `More than ${mostConditions} conditions.`,
});

/** A filter as text (SOL 013 grammar over the model's names) or already taken apart. */
export const FilterInput = z
  .union([z.string().max(8192), Limited])
  .describe('Which objects: an expression of ETSI NFV-SOL 013 5.2 over the attributes.');

const parsed = new WeakMap<ObjectDefinition, Map<string, Filter | undefined>>();
const most = 1000;

/** The filter of an input. Texts are parsed once: the same Filter comes back, with what was compiled for it. */
export function readFilter(definition: ObjectDefinition, input: string | Filter): Filter | undefined {
  if (typeof input !== 'string') return input;
  let known = parsed.get(definition);
  if (!known || known.size > most) parsed.set(definition, (known = new Map()));
  if (known.has(input)) return known.get(input);
  const filter = parseFilter([input], (path) => (attributeAt(definition.model, path) ? path : undefined));
  known.set(input, filter);
  return filter;
}
