import { describe, expect, test } from '@jest/globals';
import { buildSchema, isObjectType, isInterfaceType } from 'graphql';
import { objects } from '#schema/objects.js';
import { allOperations } from '../../operations/operations.js';
import { schemaOf } from './schema.js';
import { sdl } from './sdl.js';

const schema = buildSchema(sdl());

describe('the emitted schema', () => {
  test('every object is a node with a field of its own', () => {
    const node = schema.getType('Node');
    expect(
      isInterfaceType(node) &&
        schema
          .getPossibleTypes(node)
          .map((type) => type.name)
          .sort(),
    ).toEqual(Object.keys(objects).sort());
    for (const { name, collection, singleton } of Object.values(objects).map((definition) => ({
      singleton: false,
      ...definition,
    }))) {
      const fields = schema.getQueryType()!.getFields();
      const field = fields[name.charAt(0).toLowerCase() + name.slice(1)]!;
      expect([String(field.type), field.args.map(({ type }) => String(type))]).toEqual([
        name,
        singleton ? [] : ['ID!'],
      ]);
      expect(String(fields[collection]?.type)).toBe(singleton ? 'undefined' : `${name}Connection!`);
    }
  });

  test('keeps to the shape of the house', () => {
    const typeOf = (type: string, field: string) => {
      const found = schema.getType(type);
      return isObjectType(found) ? String(found.getFields()[field]?.type) : undefined;
    };
    expect(typeOf('ResourcePoolConnection', 'position')).toBe('String!');
    expect(typeOf('ResourcePoolConnection', 'edges')).toBe('[ResourcePoolEdge!]!');
    expect(typeOf('ResourcePool', 'oCloudSiteId')).toBe('ID!');
    expect(typeOf('ResourcePool', 'site')).toBe('OCloudSite');
    expect(typeOf('ResourcePool', 'resources')).toBe('ResourceConnection!');
    expect(typeOf('ResourcePool', 'resourceCount')).toBe('Int!');
    expect(typeOf('Resource', 'elements')).toBe('[Resource!]!');
    expect(typeOf('Mutation', 'scaleResourcePool')).toBe('ScaleResourcePoolPayload!');
    expect(String(schema.getQueryType()!.getFields()['nodes']!.type)).toBe('[Node]!');
  });

  test('every attribute of O2 keeps its name', () => {
    for (const { name, model } of Object.values(objects)) {
      const type = schema.getType(name);
      const fields = isObjectType(type) ? Object.keys(type.getFields()) : [];
      expect(fields).toEqual(expect.arrayContaining(['id', ...Object.keys(model.shape)]));
    }
  });

  test('has no mutation without an operation, nor a type for it', () => {
    const reading = schemaOf(allOperations.filter(({ kind }) => kind === 'query'));
    expect(reading.getMutationType()).toBeUndefined();
    expect(reading.getType('CreateResourcePoolInput')).toBeUndefined();
    expect(Object.keys(reading.getQueryType()!.getFields())).toEqual(Object.keys(schema.getQueryType()!.getFields()));
  });
});
