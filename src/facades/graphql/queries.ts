import { ID, type ClassType } from 'type-graphql';
import type { z } from 'zod';
import { Fault } from '#schema/errors.js';
import { objectNames } from '#schema/objects.js';
import type { Operation, RowAnswer, ValueAnswer } from '../../operations/operation.js';
import { queryClass, type FieldOf } from './fields.js';
import { graphqlType } from './graphql-type.js';
import { listField } from './lists.js';
import { gqlClass, Node, sourceOf, type Source } from './model-class.js';
import type { GraphqlRequest } from './request.js';

/** `OCloudSite` → `oCloudSite`. */
export function fieldName(object: string): string {
  return object.charAt(0).toLowerCase() + object.slice(1);
}

/** The query root: a list and an object for each operation that reads, and every object by its id. */
export function queries(operations: readonly Operation[]): ClassType {
  const fields = operations.flatMap((operation): FieldOf<undefined>[] => {
    if (operation.verb === 'list')
      return [listField({ name: operation.object.collection, description: operation.summary }, operation.object)];
    if (operation.verb === 'get') return [one(operation)];
    const { kind, field, output } = operation;
    return kind === 'query' && field !== undefined && output ? [whole(operation, field, output)] : [];
  });
  return queryClass('Queries', [node, nodes, ...fields]);
}

/** One object. A list or an id that is wrong is an error of its own field: the rest of the answer stands. */
function one(operation: Operation): FieldOf<undefined> {
  const { object, summary } = operation;
  return {
    name: fieldName(object.name),
    type: gqlClass(object.model),
    nullable: true,
    description: summary,
    ...(object.singleton ? {} : { args: { id: { type: ID } } }),
    resolve: async ({ args, request }) =>
      sourceOf((await request.call<RowAnswer>(operation, object.singleton ? {} : { id: args['id'] })).row),
  };
}

/** What is asked of a subject as a whole: what the operation takes are arguments. */
function whole(operation: Operation, name: string, output: z.ZodObject): FieldOf<undefined> {
  return {
    name,
    type: gqlClass(output),
    description: operation.summary,
    args: argumentsOf(operation),
    resolve: async ({ args, request }) => (await request.call<ValueAnswer>(operation, saidIn(args))).value,
  };
}

/** Everything that an operation takes beside the id of its object, as arguments of a field. */
export function argumentsOf({ input }: Operation): NonNullable<FieldOf<undefined>['args']> {
  const { id: _id, ...shape } = (input as z.ZodObject).shape;
  return Object.fromEntries(
    Object.entries(shape).map(([name, schema]) => [name, graphqlType(schema as z.core.$ZodType, 'in', gqlClass)]),
  );
}

/** Arguments that were given. */
export function saidIn(args: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined && value !== null));
}

const node: FieldOf<undefined> = {
  name: 'node',
  type: Node,
  nullable: true,
  description: 'The object with this id, whatever it is; null when there is none.',
  args: { id: { type: ID } },
  resolve: ({ args, request }) => nodeOf(request, args['id'] as string),
};

const nodes: FieldOf<undefined> = {
  name: 'nodes',
  type: [Node],
  nullable: 'items',
  description: 'The objects with these ids, in their order; null where there is none.',
  args: { ids: { type: [ID] } },
  resolve: ({ args, request }) => Promise.all((args['ids'] as readonly string[]).map((id) => nodeOf(request, id))),
};

async function nodeOf(request: GraphqlRequest, id: string): Promise<Source | null> {
  const { view, caller } = request;
  const object = objectNames.find((name) => view.get(caller.principal.scope, name, id));
  const operation = object && request.operation(object, 'get');
  const found = operation && (await present(request, operation, id));
  if (!found) await request.absent(id);
  return found ?? null;
}

/** What may not be read is as absent as what is not there. */
async function present(request: GraphqlRequest, operation: Operation, id: string): Promise<Source | undefined> {
  try {
    return sourceOf((await request.call<RowAnswer>(operation, operation.object.singleton ? {} : { id })).row);
  } catch (error) {
    if (error instanceof Fault && (error.code === 'NOT_FOUND' || error.code === 'FORBIDDEN')) return undefined;
    throw error;
  }
}
