import { z } from 'zod';
import { invalid, notFound } from '#schema/errors.js';
import type { Filter } from '#schema/filter/ast.js';
import { faultIn } from '#schema/filter/origin.js';
import { FilterInput, readFilter } from './filter-input.js';
import type { ObjectDefinition } from '#schema/object.js';
import type { ObjectName } from '#schema/objects.js';
import { attributeAt } from '#schema/paths.js';
import { permissionsIn } from '#schema/permissions.js';
import { formatPosition, later, type Position } from '#schema/position.js';
import type { Scope } from '#schema/scope.js';
import { suggestion } from '#schema/suggestion.js';
import { derivedAttributes } from '../inventory/derived.js';
import { keyOf, type Place } from '../inventory/order.js';
import type { Row } from '../inventory/row.js';
import { count, page, type ListQuery } from '../inventory/query.js';
import { operation, type Call } from './operation.js';

/** Longest page of a list. */
export const mostListed = 1000;

/** Input of every list, the same on all facades. */
export const ListInput = z.strictObject({
  parent: z.string().max(255).optional().describe('Only what is listed under this object.'),
  filter: FilterInput.optional(),
  orderBy: z
    .strictObject({ attribute: z.string().max(255), descending: z.boolean().default(false) })
    .optional()
    .describe('Id order when absent.'),
  after: z.string().max(4096).optional().describe('Marker of an earlier page.'),
  page: z.int().min(0).max(999_999).optional().describe('Page number, for clients that cannot follow markers.'),
  first: z.int().min(1).max(mostListed).optional().describe('How many at most.'),
});
export type ListInput = z.output<typeof ListInput>;

const GetInput = z.strictObject({ id: z.string().min(1).max(255), parent: z.string().max(255).optional() });

/** The list of an object: filtered, ordered, paged by marker. */
export function list<N extends ObjectName>(definition: ObjectDefinition<N>) {
  return operation({
    name: `${definition.collection}.list`,
    object: definition,
    verb: 'list',
    kind: 'query',
    permission: `${definition.collection}:read`,
    input: ListInput,
    summary: `Lists ${definition.collection}.`,
    audit: 'none',
    stamp: (call, input) => listStamp(call, definition, input.parent),
    async run(call, input) {
      requireParent(call, definition, input.parent);
      const query = queryOf(call, definition, input);
      const binding = JSON.stringify([definition.name, query.parent, query.filter, query.order, call.scope.tenant]);
      const after = input.after === undefined ? undefined : call.markers.open(binding, input.after);
      const stamp = listStamp(call, definition, input.parent);
      // Not the mark: a list that nobody touched for long would be one to follow from where the log is no longer kept. Noted
      // before anything is read: what comes behind it is not in the answer, or is told twice.
      const position = call.view.position();
      const from = after ?? (await placeOfPage(call, query, input.page));
      const found = await page(call.view, call.scope, { ...query, ...(from ? { after: from } : {}) }, call);
      const next = found.next && call.markers.seal(binding, found.next);
      const total = () => count(call.view, call.scope, query, call);
      const markerOf = (row: Row) => call.markers.seal(binding, placeOf(row, query));
      return {
        kind: 'rows',
        runs: found.runs,
        total,
        markerOf,
        position,
        stamp,
        gaps: [],
        ...(next === undefined ? {} : { next }),
      };
    },
  });
}

/** One object by id. */
export function get<N extends ObjectName>(definition: ObjectDefinition<N>) {
  return operation({
    name: `${definition.collection}.get`,
    object: definition,
    verb: 'get',
    kind: 'query',
    permission: `${definition.collection}:read`,
    input: GetInput,
    summary: `Reads one ${definition.name}.`,
    audit: 'none',
    stamp: (call, input) => rowStamp(call, definition, input.id),
    run(call, input) {
      const row = call.view.get(call.scope, definition.name, input.id);
      const elsewhere = input.parent !== undefined && row?.value[definition.parent!] !== input.parent;
      if (!row || elsewhere) {
        call.knows(definition.name);
        throw notFound(definition.name, input.id);
      }
      return {
        kind: 'row',
        row,
        position: call.view.position(),
        stamp: rowStamp(call, definition, input.id),
        gaps: [],
      };
    },
  });
}

/** The one object of a singleton, by whatever id it has. */
export function getOnly<N extends ObjectName>(definition: ObjectDefinition<N>) {
  const only = (call: Call) => firstOf(call, definition);
  return operation({
    name: `${definition.collection}.get`,
    object: definition,
    verb: 'get',
    kind: 'query',
    permission: `${definition.collection}:read`,
    input: z.strictObject({}),
    summary: `Reads the ${definition.name}.`,
    audit: 'none',
    stamp: (call) => formatPosition(markOf(call, definition, undefined)),
    run(call) {
      const row = only(call);
      if (!row) throw notFound(definition.name, '');
      return {
        kind: 'row',
        row,
        position: call.view.position(),
        stamp: formatPosition(markOf(call, definition, undefined)),
        gaps: [],
      };
    },
  });
}

function firstOf(call: Call, definition: ObjectDefinition): Row | undefined {
  for (const rows of call.view.kind(definition.name).all.visible(call.scope))
    for (const { block, from } of rows.runs(undefined)) return block.rows[from];
  return undefined;
}

function derivedMark(call: Call, definition: ObjectDefinition): Position {
  return derivedAttributes(definition).reduce((mark, { object }) => later(mark, call.view.mark(call.scope, object)), {
    seq: 0,
    tag: '0',
  });
}

function markOf(call: Call, definition: ObjectDefinition, parent: string | undefined): Position {
  return later(call.view.mark(call.scope, definition.name, parent), derivedMark(call, definition));
}

function listStamp(call: Call, definition: ObjectDefinition, parent: string | undefined): string {
  const mark = formatPosition(markOf(call, definition, parent));
  if (parent === undefined) return mark;
  // A list under a parent is 404 without it, so that answer depends on the parent being there too.
  return `${mark}/${parentRow(call, definition, parent) ? '' : 'absent'}`;
}

function rowStamp(call: Call, definition: ObjectDefinition, id: string): string {
  const row = call.view.get(call.scope, definition.name, id);
  return row ? formatPosition(later(row.position, derivedMark(call, definition))) : 'absent';
}

function parentRow(call: Call, definition: ObjectDefinition, parent: string) {
  return call.view.get(call.scope, parentObject(definition), parent);
}

function parentObject(definition: ObjectDefinition): string {
  const relation = Object.values(definition.relations).find(
    (each) => each.kind === 'one' && each.via === definition.parent,
  );
  if (!relation) throw new Error(`${definition.name} has no parent.`);
  return relation.to;
}

function requireParent(call: Call, definition: ObjectDefinition, parent: string | undefined): void {
  if (parent === undefined) return;
  if (definition.parent === undefined) throw invalid(`${definition.collection} are listed under nothing.`, 'parent');
  if (parentRow(call, definition, parent)) return;
  const object = parentObject(definition);
  call.knows(object as ObjectName);
  throw notFound(object, parent);
}

function queryOf(call: Call, definition: ObjectDefinition, input: ListInput): ListQuery {
  const filter = input.filter === undefined ? undefined : readFilter(definition, input.filter);
  if (filter) refuseHidden(call.scope, definition, filter);
  const order = input.orderBy && orderOf(call.scope, definition, input.orderBy);
  return {
    object: definition.name,
    limit: input.first ?? call.pageSize,
    ...(input.parent === undefined ? {} : { parent: input.parent }),
    ...(filter ? { filter } : {}),
    ...(order ? { order } : {}),
  };
}

/** An order tells of a value as a filter does, and markers carry its sort key. */
function orderOf(scope: Scope, definition: ObjectDefinition, by: NonNullable<ListInput['orderBy']>) {
  const path = by.attribute.split('/');
  const attribute = attributeAt(definition.model, path);
  if (!attribute || attribute.list || !['string', 'number', 'enum', 'date-time', 'json'].includes(attribute.kind)) {
    const near = attribute ? '' : suggestion(by.attribute, Object.keys(definition.model.shape));
    throw invalid(`${definition.name} cannot be ordered by '${by.attribute}'.${near}`, 'orderBy');
  }
  if (attribute.permission !== undefined && !scope.permissions.has(attribute.permission)) {
    throw invalid(`This order needs the permission ${attribute.permission}.`, 'orderBy');
  }
  return { path, descending: by.descending };
}

/** Where a page ends whose last object is `row`. */
function placeOf(row: Row, { order }: ListQuery): Place {
  return order ? { id: row.id, key: keyOf(row, order) } : { id: row.id };
}

/** A filter on what a principal may not see would tell it by what is found. */
export function refuseHidden(scope: Scope, definition: ObjectDefinition, filter: Filter): void {
  for (const [permission, condition] of permissionsIn(definition.model, filter)) {
    if (!scope.permissions.has(permission))
      throw faultIn(condition, 'path', `This filter needs the permission ${permission}.`);
  }
}

/** Where page `number` (1 is the first) begins: one walk over what lies before it, for clients that count pages. */
async function placeOfPage(call: Call, query: ListQuery, number: number | undefined): Promise<Place | undefined> {
  const skipped = ((number ?? 1) - 1) * query.limit;
  if (skipped <= 0) return undefined;
  if (skipped >= call.view.kind(query.object).size) return { id: '\uffff' };
  const walked = await page(call.view, call.scope, { ...query, limit: skipped }, call);
  return walked.next ?? { id: '\uffff' };
}
