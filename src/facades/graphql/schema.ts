import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync, type NonEmptyArray } from 'type-graphql';
import { objects } from '#schema/objects.js';
import type { Operation } from '../../operations/operation.js';
import { askDirectly } from './fields.js';
import { mutations } from './mutations.js';
import { queries } from './queries.js';
import { objectFields } from './relations.js';

const schemas = new WeakMap<readonly Operation[], GraphQLSchema>();

/** The graph of these operations; made once for the same list. */
export function schemaOf(operations: readonly Operation[]): GraphQLSchema {
  const known = schemas.get(operations);
  if (known) return known;
  const roots = [
    queries(operations),
    mutations(operations),
    ...Object.values(objects).map((each) => objectFields(each, operations)),
  ];
  const schema = buildSchemaSync({ resolvers: roots as unknown as NonEmptyArray<new () => object>, validate: false });
  askDirectly(schema);
  schemas.set(operations, schema);
  return schema;
}
