import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import { printSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { z } from 'zod';
import { queryClass } from './fields.js';
import { gqlClass } from './model-class.js';
import { whereClass } from './where.js';

const Colour = z.enum(['RED', 'GREEN']).meta({ id: 'TestColour', description: 'A colour.' });
const Part = z
  .object({
    weight: z.number().describe('Kilograms.'),
    get parts() {
      return z.array(Part).optional();
    },
  })
  .meta({ id: 'TestPart', description: 'A part.' });

const model = z
  .object({
    reference: z.string().meta({ reference: true }).describe('Who it is.'),
    references: z.array(z.string().meta({ reference: true })),
    text: z.string().nullable(),
    word: z.enum(['a b', 'c']),
    kind: z.literal('Thing'),
    colour: Colour.optional(),
    colours: z.array(Colour),
    small: z.int().min(0).max(1000),
    exact: z.int32(),
    large: z.int(),
    half: z.number().default(0.5),
    matrix: z.array(z.array(z.number())),
    yes: z.boolean(),
    map: z.record(z.string(), z.string()),
    json: z.json(),
    open: z.object({ a: z.string() }).catchall(z.json()),
    parts: z.array(Part),
    secret: z.string().meta({ permission: 'things:secret' }),
  })
  .meta({ id: 'TestThing' });

function sdlOf(thing: z.ZodObject): string {
  const type = gqlClass(thing);
  const fields = [{ name: 'thing', type, args: { where: { type: whereClass(thing) } }, resolve: () => null }];
  return printSchema(
    buildSchemaSync({ resolvers: [queryClass('TestQueries', fields) as new () => object], validate: false }),
  );
}

/** What stands between the braces of a type, without descriptions. */
function membersOf(sdl: string, type: string): readonly string[] {
  const block = new RegExp(`(?:type|input|enum) ${type} \\{\\n(.*?)\\n\\}`, 's').exec(sdl)![1]!;
  return block
    .replaceAll(/"""[^]*?"""\n/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

describe('a model as a GraphQL type', () => {
  const sdl = sdlOf(model);

  test('every place has the type that its values fit', () => {
    expect(membersOf(sdl, 'TestThing')).toEqual([
      'reference: ID!',
      'references: [ID!]!',
      'text: String',
      'word: String!',
      'kind: String!',
      'colour: TestColour',
      'colours: [TestColour!]!',
      'small: Int!',
      'exact: Int!',
      'large: Float!',
      'half: Float!',
      'matrix: [[Float!]!]!',
      'yes: Boolean!',
      'map: JSON!',
      'json: JSON',
      'open: JSON!',
      'parts: [TestPart!]!',
      // It may be hidden.
      'secret: String',
    ]);
    expect(membersOf(sdl, 'TestColour')).toEqual(['RED', 'GREEN']);
    expect(membersOf(sdl, 'TestPart')).toEqual(['weight: Float!', 'parts: [TestPart!]']);
  });

  test('every place has the conditions that its values can be compared by', () => {
    expect(membersOf(sdl, 'TestThingWhere')).toEqual([
      'reference: IDFilter',
      'references: IDFilter',
      'text: StringFilter',
      'word: StringFilter',
      'kind: StringFilter',
      'colour: TestColourFilter',
      'colours: TestColourFilter',
      'small: IntFilter',
      'exact: IntFilter',
      'large: FloatFilter',
      'half: FloatFilter',
      'matrix: FloatFilter',
      'yes: BooleanFilter',
      'map: [PathFilter!]',
      'json: [PathFilter!]',
      'open: [PathFilter!]',
      'parts: TestPartWhere',
      'secret: StringFilter',
      'and: [TestThingWhere!]',
      'or: [TestThingWhere!]',
    ]);
    expect(membersOf(sdl, 'TestColourFilter')).toEqual([
      'eq: TestColour',
      'neq: TestColour',
      'in: [TestColour!]',
      'nin: [TestColour!]',
    ]);
    expect(membersOf(sdl, 'BooleanFilter')).toEqual(['eq: Boolean', 'neq: Boolean']);
  });

  test('descriptions come from the model', () => {
    expect(sdl).toMatch(/"""Who it is\."""\n {2}reference: ID!/);
    expect(sdl).toMatch(/"""A colour\."""\nenum TestColour/);
  });

  test('one model is one class', () => {
    expect(gqlClass(model)).toBe(gqlClass(model));
  });

  test('what has no name or no GraphQL type is refused', () => {
    expect(() => gqlClass(z.object({ a: z.string() }))).toThrow(/A model with a has no \.meta\(\{ id \}\)/);
    expect(() => gqlClass(z.object({ at: z.date() }).meta({ id: 'TestDate' }))).toThrow(
      "A zod 'date' has no GraphQL type",
    );
  });
});
