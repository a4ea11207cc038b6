import { Int } from 'type-graphql';
import type { Filter } from '#schema/filter/ast.js';
import type { ObjectDefinition } from '#schema/object.js';
import { readFilter } from '../../operations/filter-input.js';
import type { RowsAnswer } from '../../operations/operation.js';
import { mostListed } from '../../operations/standard.js';
import { connectionClass, Page } from './connection.js';
import type { FieldOf } from './fields.js';
import type { Typed } from './graphql-type.js';
import { sourceClass } from './model-class.js';
import { orderClass, type OrderInput } from './order.js';
import type { GraphqlRequest } from './request.js';
import { whereClass } from './where.js';
import { filterOf } from './where-filter.js';

/** Page size when a document names none. */
export const defaultFirst = 50;

/** Whose list it is: that of the parent an object is listed under, or of what points at `id` with an indexed attribute. */
type Under = { readonly parent: string } | { readonly by: string; readonly id: string };

function listArguments(definition: ObjectDefinition): Readonly<Record<string, Typed>> {
  return {
    first: {
      type: Int,
      nullable: true,
      defaultValue: defaultFirst,
      description: `How many at most; 1 to ${mostListed}.`,
    },
    after: { type: String, nullable: true, description: 'Cursor of the last object of an earlier page.' },
    where: { type: whereClass(definition.model), nullable: true, description: 'Which objects.' },
    filter: {
      type: String,
      nullable: true,
      description: 'Which objects, as an expression of ETSI NFV-SOL 013 5.2; holds together with `where`.',
    },
    orderBy: { type: orderClass(definition), nullable: true, description: 'Id order when absent.' },
  };
}

/** A field that is a page of an object's list. `under` reads from the source whose list it is; absent for the whole list. */
export function listField<S>(
  named: { readonly name: string; readonly description: string },
  object: ObjectDefinition,
  under?: (source: S) => Under,
): FieldOf<S> {
  return {
    ...named,
    type: connectionClass(object),
    args: listArguments(object),
    resolve: ({ source, args, request }) => pageOf(object, request, args, under?.(source)),
  };
}

async function pageOf(
  definition: ObjectDefinition,
  request: GraphqlRequest,
  args: Readonly<Record<string, unknown>>,
  under: Under | undefined,
): Promise<Page> {
  const { first, after, orderBy } = args as {
    readonly first?: number | null;
    readonly after?: string | null;
    readonly orderBy?: OrderInput | null;
  };
  const filter = filterFor(definition, args, under);
  const answer = await request.call<RowsAnswer>(request.operation(definition.name, 'list')!, {
    first: first ?? defaultFirst,
    ...(under && 'parent' in under ? under : {}),
    ...(filter === undefined ? {} : { filter }),
    ...(after == null ? {} : { after }),
    ...(orderBy ? { orderBy: { attribute: orderBy.by, descending: orderBy.direction === 'DESC' } } : {}),
  });
  return new Page(answer, sourceClass(definition), after != null);
}

/** `where`, `filter` and the relation together. A text alone goes on as it is: it is parsed and compiled once. */
export function filterFor(
  definition: ObjectDefinition,
  args: Readonly<Record<string, unknown>>,
  under: Under | undefined,
): string | Filter | undefined {
  const { where, filter: text } = args as { readonly where?: object | null; readonly filter?: string | null };
  const related: Filter[] = under && 'by' in under ? [{ operator: 'eq', path: [under.by], values: [under.id] }] : [];
  const structured = where == null ? undefined : filterOf(definition.model, where);
  if (text != null && !structured && related.length === 0) return text;
  const written = text == null ? undefined : readFilter(definition, text);
  const all = [...related, ...(structured ? [structured] : []), ...(written ? [written] : [])];
  return all.length > 1 ? { all } : all[0];
}
