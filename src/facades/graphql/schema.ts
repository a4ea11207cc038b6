import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync, type NonEmptyArray } from 'type-graphql';
import { objects } from '#schema/objects.js';
import type { Operation } from '../../operations/operation.js';
import { askDirectly } from './fields.js';
import { mutations } from './mutations.js';
import { queries } from './queries.js';
import { objectFields } from './relations.js';
import { streams } from './streams.js';

/** type-graphql wants one wherever there are subscriptions; ours have their events from the hub. */
const nobody = {
  publish: () => undefined,
  subscribe: () => {
    throw new Error('Nobody publishes here.');
  },
};

const schemas = new WeakMap<readonly Operation[], GraphQLSchema>();

/** The graph of these operations; made once for the same list. */
export function schemaOf(operations: readonly Operation[]): GraphQLSchema {
  const known = schemas.get(operations);
  if (known) return known;
  const roots = [
    queries(operations),
    mutations(operations),
    streams(),
    ...Object.values(objects).map((each) => objectFields(each, operations)),
  ];
  const resolvers = roots as unknown as NonEmptyArray<new () => object>;
  const schema = buildSchemaSync({ resolvers, validate: false, pubSub: nobody });
  askDirectly(schema);
  schemas.set(operations, schema);
  return schema;
}
