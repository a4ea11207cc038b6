import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { apis } from './apis.js';
import { definitionOf, objectNames } from './objects.js';
import { attributeAt } from './paths.js';

/** What an optional is described as may stand at what it is around. */
function describedIn(schema: z.ZodType): string | undefined {
  return (
    schema.description ?? (schema instanceof z.ZodOptional ? describedIn(schema.unwrap() as z.ZodType) : undefined)
  );
}

describe.each(objectNames.map((name) => [name, definitionOf(name)] as const))('%s', (name, definition) => {
  const { model, relations, key, parent, presenters, singleton } = definition;
  const parameters = (template = '') => [...template.matchAll(/\{(\w+)\}/g)].map(([, each]) => each);

  test('says of every attribute what it is', () => {
    const silent = Object.entries(model.shape).filter(([, schema]) => !describedIn(schema as z.ZodType));
    expect(silent.map(([attribute]) => attribute)).toEqual([]);
    expect(model.meta()?.id).toBe(name);
    expect(model.description).toBeTruthy();
  });

  test('has relations that begin and end at attributes there are', () => {
    for (const relation of Object.values(relations)) {
      const other = definitionOf(relation.to);
      if (relation.kind === 'one') expect(Object.keys(model.shape)).toContain(relation.via);
      else expect([relation.by, attributeAt(other.model, [relation.by])?.index]).toEqual([relation.by, true]);
    }
    if (parent !== undefined) expect(attributeAt(model, [parent])?.index).toBe(true);
  });

  test('is found at routes that name it, in APIs there are', () => {
    for (const { api, major, routes } of presenters) {
      expect(apis.find((each) => each.name === api)?.majors).toHaveProperty(major);
      if (!singleton && routes.get !== undefined)
        expect(parameters(routes.get)).toEqual([...parameters(routes.list), key]);
    }
  });
});
