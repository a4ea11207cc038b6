import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { inventory } from './testing/inventory.js';
import { openWorld, type World } from './testing/world.js';

let world: World;
beforeAll(async () => {
  world = await openWorld(inventory);
});
afterAll(() => world.close());

const json = { 'Content-Type': 'application/json' };
const document = '{ oCloud { name } }';
const answer = { data: { oCloud: { name: 'cloud' } } };

describe('GraphQL over HTTP', () => {
  test('answers in the media type asked for', async () => {
    const plain = await world.send({ method: 'POST', headers: json, body: JSON.stringify({ query: document }) });
    expect([plain.headers.get('content-type'), plain.body]).toEqual(['application/json; charset=utf-8', answer]);
    const type = 'application/graphql-response+json';
    const typed = await world.send({
      method: 'POST',
      headers: { ...json, Accept: type },
      body: JSON.stringify({ query: document }),
    });
    expect(typed.headers.get('content-type')).toBe(`${type}; charset=utf-8`);
  });

  test('queries may come by GET with a header that no form can send', async () => {
    const search = `?query=${encodeURIComponent(document)}`;
    expect((await world.send({ headers: { 'apollo-require-preflight': '1' } }, search)).body).toEqual(answer);
    const forged = await world.send({}, search);
    expect(forged.body.errors).toMatchObject([
      { message: expect.stringMatching(/CSRF/), extensions: { code: 'BAD_USER_INPUT' } },
    ]);
    expect(forged.status).toBe(400);
  });

  test('mutations may not', async () => {
    const search = `?query=${encodeURIComponent('mutation { deleteResourcePool(input: { id: "x" }) { id } }')}`;
    const { status, headers } = await world.send({ headers: { 'apollo-require-preflight': '1' } }, search);
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
  });

  test.each([
    ['text/plain', JSON.stringify({ query: document })],
    ['application/x-www-form-urlencoded', 'query=x'],
    ['application/xml', '<query/>'],
  ])('only JSON is a request: %s', async (type, body) => {
    const reply = await world.send({ method: 'POST', headers: { 'Content-Type': type }, body });
    expect([reply.status, reply.headers.get('accept-post')]).toEqual([415, 'application/json']);
    expect(reply.body.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', at: 'Content-Type' } }]);
  });

  test('requests do not come in arrays', async () => {
    const { status, body } = await world.send({
      method: 'POST',
      headers: json,
      body: JSON.stringify([{ query: document }, { query: document }]),
    });
    expect([status, body.errors![0]!.message]).toEqual([400, expect.stringMatching(/batching/i)]);
  });

  test.each([
    ['{', 400, 'BAD_USER_INPUT'],
    ['{}', 400, 'BAD_USER_INPUT'],
    ['{"query":5}', 400, 'BAD_USER_INPUT'],
    [JSON.stringify({ query: '{' }), 400, 'GRAPHQL_PARSE_FAILED'],
    [JSON.stringify({ query: '{ x }' }), 400, 'GRAPHQL_VALIDATION_FAILED'],
    [
      JSON.stringify({ query: 'query ($f: Int) { locations(first: $f) { position } }', variables: { f: 'x' } }),
      400,
      'BAD_USER_INPUT',
    ],
    [
      JSON.stringify({ query: 'query A { oCloud { id } } query B { oCloud { id } }' }),
      400,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    [
      JSON.stringify({ query: document, extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } }),
      200,
      'PERSISTED_QUERY_NOT_SUPPORTED',
    ],
    [JSON.stringify({ query: 'x'.repeat(1024 * 1024) }), 413, 'TOO_LARGE'],
  ])('%.40s', async (body, status, code) => {
    const answered = await world.send({ method: 'POST', headers: json, body });
    expect([answered.status, answered.body.errors]).toMatchObject([status, [{ extensions: { code } }]]);
  });

  test('a body that is not JSON although it says so names what is wrong with it', async () => {
    const { body } = await world.send({ method: 'POST', headers: json, body: '{"query": }' });
    expect(body.errors).toMatchObject([
      { message: expect.stringMatching(/^The request body cannot be read: /), extensions: { at: 'body' } },
    ]);
  });

  test('a client that leaves in the middle of its body leaves nothing behind', async () => {
    await new Promise<void>((resolve) => {
      const cut = request(world.url, { method: 'POST', headers: { ...json, 'Content-Length': 1000 } });
      cut.on('error', () => resolve());
      cut.write('{"query":', () => cut.destroy(new Error('gone')));
    });
    expect((await world.ask(document)).body).toEqual(answer);
    expect(world.seen.unforeseen).toEqual([]);
  });
});
