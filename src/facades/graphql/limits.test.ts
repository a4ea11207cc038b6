import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { ids, inventory } from './testing/inventory.js';
import { openWorld, type Answered, type World } from './testing/world.js';

let world: World;
beforeAll(async () => {
  world = await openWorld(inventory);
});
afterAll(() => world.close());

function refused({ status, body }: Answered): string {
  expect(status).toBe(400);
  expect(body.data).toBeUndefined();
  expect(body.errors).toHaveLength(1);
  expect(['BAD_USER_INPUT', 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED']).toContain(
    body.errors![0]!.extensions['code'],
  );
  return body.errors![0]!.message;
}

/** `elements` around elements: `fields` deep in all. */
const deep = (fields: number) =>
  `{ resources(first: 1) { nodes { ${'elements { '.repeat(fields - 3)} id ${'} '.repeat(fields - 3)} } } }`;

describe('documents that are refused before anything runs', () => {
  test('depth', async () => {
    expect((await world.ask(deep(5))).status).toBe(200);
    const answer = await world.ask(deep(11));
    expect(refused(answer)).toBe('The document is 11 fields deep; at most 10 are allowed.');
    expect(answer.body.errors![0]!.extensions).toEqual({ code: 'BAD_USER_INPUT', at: 'query' });
  });

  test('depth through fragments', async () => {
    const document = `{ resources(first: 1) { nodes { ...A } } }
      fragment A on Resource { elements { elements { ... { ...B } } } } fragment B on Resource { elements { elements { elements { elements { elements { elements { id } } } } } } }`;
    expect(refused(await world.ask(document))).toMatch(/11 fields deep/);
  });

  test('values', async () => {
    const nested = (levels: number) =>
      `mutation { createResourcePool(input: { name: "x", description: "x", extensions: ${'{ a: '.repeat(levels)}1${' }'.repeat(levels)} }) { position } }`;
    // The input itself is the first level.
    expect(refused(await world.ask(nested(20)))).toBe('A value nests deeper than 20 levels.');
    expect(JSON.stringify((await world.ask(nested(19))).body)).not.toContain('nests');
  });

  const aliases = (number: number) => Array.from({ length: number }, (_, index) => `a${index}: name`).join(' ');

  test('aliases', async () => {
    expect((await world.ask(`{ oCloud { ${aliases(30)} } }`)).status).toBe(200);
    expect(refused(await world.ask(`{ oCloud { ${aliases(31)} } }`))).toBe(
      'The document has 31 aliases; at most 30 are allowed.',
    );
  });

  test('aliases count wherever their fragment is spread', async () => {
    const document = `{ oCloud { ...A } locations { nodes { oCloud: id } } resourcePools { nodes { ...B } } resources { nodes { resourcePool { ...B } } } }
      fragment A on OCloud { ${aliases(10)} } fragment B on ResourcePool { ${aliases(10)} }`;
    expect(refused(await world.ask(document))).toMatch(/31 aliases/);
  });

  test('cost: lists are as long as they say, by literal, variable or default', async () => {
    const tree = (first: string) => `{ resourcePools${first} { nodes { resources { nodes { id } } } } }`;
    const asked = `query ($first: Int = 100) ${tree('(first: $first)')}`;
    expect((await world.ask(tree('(first: 90)'))).status).toBe(200);
    expect((await world.ask(tree(''))).status).toBe(200);
    const expected =
      "The operation may answer with 5201 objects; at most 5000 are allowed. Ask for shorter lists with 'first'.";
    expect(refused(await world.ask(tree('(first: 100)')))).toBe(expected);
    expect(refused(await world.ask(asked))).toBe(expected);
    expect(refused(await world.ask(asked, { first: 101 }))).toMatch(/5253 objects/);
    expect((await world.ask(asked, { first: 10 })).status).toBe(200);
    const tooLong = "'first' must be at most 1000, was 100000; the next page begins 'after' the endCursor of one.";
    expect(refused(await world.ask(tree('(first: 100000)')))).toBe(tooLong);
    expect(refused(await world.ask(asked, { first: 100_000 }))).toBe(tooLong);
  });

  test('cost of fragments, edges, parts and ids', async () => {
    const document = `query ($ids: [ID!]!) {
      resources(first: 400) { ...R ...R }
      nodes(ids: $ids) { id }
    } fragment R on ResourceConnection { edges { node { elements { id } } } }`;
    // 1 + 2 · 400 · (1 + 1 + 10), and one for each id.
    expect(refused(await world.ask(document, { ids: [ids.cloud, ids.location] }))).toMatch(/ 9603 objects/);
  });

  test('directives', async () => {
    const document = (number: number) =>
      `{ oCloud @include(if: true) { ${'name @skip(if: false) '.repeat(number - 1)} } }`;
    expect((await world.ask(document(50))).status).toBe(200);
    expect(refused(await world.ask(document(51)))).toBe('The document has 51 directives; at most 50 are allowed.');
  });

  test('tokens', async () => {
    expect(refused(await world.ask(`{ oCloud { ${'name '.repeat(1000)} } }`))).toMatch(/more that 1000 tokens/);
  });

  test('bytes', async () => {
    const long = await world.ask(`{ oCloud { name } } # ${'x'.repeat(65_536)}`);
    expect(long.status).toBe(413);
    expect(long.body.errors).toMatchObject([{ extensions: { code: 'TOO_LARGE', at: 'query' } }]);
    const fits = await world.ask(`{ oCloud { name } } # ${'x'.repeat(60_000)}`);
    expect(fits.status).toBe(200);
  });

  test('variables that nest deeply', async () => {
    const query = 'query ($where: ResourcePoolWhere) { resourcePools(where: $where) { position } }';
    const where = `${'{"and":['.repeat(5000)}{}${']}'.repeat(5000)}`;
    const body = `{"query":"${query}","variables":{"where":${where}}}`;
    const answer = await world.send({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
    expect(refused(answer)).toBe('The variables nest deeper than 20 levels.');
  });

  test('a fragment that spreads itself', async () => {
    const { status, body } = await world.ask(
      '{ resources { nodes { ...A } } } fragment A on Resource { elements { ...A } }',
    );
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([
      { message: 'Cannot spread fragment "A" within itself.', extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
    ]);
  });
});

describe('the schema', () => {
  test('is not guessed at for the client', async () => {
    const field = await world.ask('{ oCloud { nam } }');
    expect(refused(field)).toBe('Cannot query field "nam" on type "OCloud".');
    const argument = await world.ask('{ locations(firs: 1) { position } }');
    expect(refused(argument)).toBe('Unknown argument "firs" on field "Query.locations".');
    const variable = await world.ask('query ($where: LocationWhere) { locations(where: $where) { position } }', {
      where: { nam: {} },
    });
    expect(refused(variable)).not.toMatch(/did you mean/i);
    const member = await world.ask('query ($order: LocationOrder) { locations(orderBy: $order) { position } }', {
      order: { by: 'nam' },
    });
    expect(refused(member)).not.toMatch(/did you mean/i);
  });

  test('can be read whole where it is allowed', async () => {
    const { status, body } = await world.ask(getIntrospectionQuery());
    expect([status, body.errors]).toEqual([200, undefined]);
  });

  test('cannot be read where it is not', async () => {
    const closed = await openWorld([], { limits: { introspection: false } });
    try {
      expect((await closed.ask('{ __typename }')).body).toEqual({ data: { __typename: 'Query' } });
      for (const document of ['{ __schema { queryType { name } } }', '{ __type(name: "Query") { name } }']) {
        expect(refused(await closed.ask(document))).toMatch(/introspection is off \(limits\.graphql\.introspection\)/);
      }
    } finally {
      await closed.close();
    }
  });
});
