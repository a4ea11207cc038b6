import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { codes, Fault, type Code } from '#schema/errors.js';
import type { RowsAnswer } from '../../operations/operation.js';
import { allOperations } from '../../operations/operations.js';
import { graphqlCodeOf } from './errors.js';
import { id, ids, inventory } from './testing/inventory.js';
import { openWorld, type World } from './testing/world.js';

/** What the list of locations throws next, or its count. */
let thrown: { readonly at: 'list' | 'count'; readonly error: unknown } | undefined;
const failing = allOperations.map((operation) =>
  operation.name === 'locations.list'
    ? {
        ...operation,
        async run(...asked: Parameters<typeof operation.run>) {
          if (thrown?.at === 'list') throw thrown.error;
          const answer = (await operation.run(...asked)) as RowsAnswer;
          return thrown?.at === 'count' ? { ...answer, total: () => Promise.reject(thrown!.error) } : answer;
        },
      }
    : operation,
);

let world: World;
beforeAll(async () => {
  world = await openWorld(inventory, { operations: failing });
});
afterAll(() => world.close());
beforeEach(() => {
  thrown = undefined;
  world.seen.unforeseen.length = 0;
});

const document = '{ oCloud { name } locations { totalCount } }';

describe('a document of which nothing could be answered because too much is asked', () => {
  const body = JSON.stringify({ query: '{ locations { totalCount } }' });
  const send = (type: string, query = body) =>
    world.send({
      method: 'POST',
      headers: { Accept: type, 'Content-Type': 'application/json', 'x-caller': 'admin' },
      body: query,
    });

  test.each([
    ['UNAVAILABLE', 503],
    ['RATE_LIMITED', 429],
  ] as const)('%s is %s with Retry-After in the media type of GraphQL over HTTP', async (code, expected) => {
    thrown = { at: 'list', error: new Fault(code, 'Later.', { retryAfter: 7 }) };
    const { status, headers, body: answer } = await send('application/graphql-response+json');
    expect([status, headers.get('retry-after'), answer.errors?.[0]?.extensions['code']]).toEqual([expected, '7', code]);
    expect(headers.get('content-type')).toMatch(/^application\/graphql-response\+json/);
  });

  test('stays 200 with application/json, as that media type demands', async () => {
    thrown = { at: 'list', error: new Fault('UNAVAILABLE', 'Later.', { retryAfter: 7 }) };
    for (const type of ['application/json', '*/*']) {
      const { status, headers } = await send(type);
      expect([type, status, headers.get('content-type')]).toEqual([type, 200, 'application/json; charset=utf-8']);
    }
  });

  test('stays 200 when something was answered, or something else is wrong', async () => {
    thrown = { at: 'list', error: new Fault('UNAVAILABLE', 'Later.') };
    const nullable = JSON.stringify({ query: `{ oCloud { name } node(id: "nothing") { id } }` });
    expect((await send('application/graphql-response+json', nullable)).status).toBe(200);
    thrown = { at: 'list', error: new Fault('CONFLICT', 'No.') };
    const { status, headers } = await send('application/graphql-response+json');
    expect([status, headers.get('retry-after')]).toEqual([200, null]);
  });
});

async function errorOf(at: 'list' | 'count', error: unknown) {
  thrown = { at, error };
  const { status, body } = await world.ask(document);
  expect([status, body.data, body.errors?.length]).toEqual([200, null, 1]);
  return body.errors![0]!;
}

describe('errors', () => {
  test.each(codes.filter((code) => code !== 'INTERNAL'))(
    '%s keeps its sentence and what it says beside',
    async (code: Code) => {
      const detail = { at: 'x', position: 3, retryAfter: 5, faults: ['a', 'b'] };
      const error = await errorOf('list', new Fault(code, 'What was wrong.', detail));
      expect(error).toEqual({
        message: 'What was wrong.',
        locations: [{ line: 1, column: 19 }],
        path: ['locations'],
        extensions: { code: code === 'INVALID' ? 'BAD_USER_INPUT' : code, ...detail },
      });
      expect(graphqlCodeOf[code]).toBe(error.extensions['code']);
    },
  );

  test('what nobody foresaw is withheld from the caller and shown to the operator, once', async () => {
    const secret = new Error('password=hunter2');
    for (const at of ['list', 'count'] as const) {
      world.seen.unforeseen.length = 0;
      const error = await errorOf(at, secret);
      expect(error.message).toMatch(/^An internal error/);
      expect(error.extensions).toEqual({ code: 'INTERNAL' });
      expect(world.seen.unforeseen).toEqual([secret]);
    }
  });

  test('a count is under the deadline of its operation', async () => {
    const error = await errorOf('count', new DOMException('late', 'TimeoutError'));
    expect(error.extensions).toEqual({ code: 'UNAVAILABLE', retryAfter: 1 });
    expect(world.seen.unforeseen).toEqual([]);
  });

  test('a request is charged once, and refused as a whole when it may not be', async () => {
    world.seen.charges = 0;
    world.seen.wait = 7;
    const { body } = await world.ask(document);
    expect(body.errors![0]).toMatchObject({ extensions: { code: 'RATE_LIMITED', retryAfter: 7 } });
    world.seen.wait = 0;
    world.seen.charges = 0;
    await world.ask('{ resourcePools { nodes { site { name } resources { totalCount } } } locations { totalCount } }');
    expect(world.seen.charges).toBe(1);
  });
});

describe('backends that are missing', () => {
  test('are named beside the answer', async () => {
    const at = Date.parse('2026-01-01T00:00:00Z');
    world.coverage.expect('cluster', ['ResourcePool', 'Resource'], new Set(['ResourcePool', 'Resource']));
    world.coverage.synced('cluster', 'Resource', at);
    world.coverage.synced('cluster', 'ResourcePool', at);
    const complete = await world.ask('{ resourcePools { nodes { resourceCount } } }');
    expect(complete.body.extensions).toBeUndefined();
    world.coverage.stale('cluster', 'Resource', '403 on nodes');
    const named = { incomplete: [{ instance: 'cluster', reason: '403 on nodes', fresh: '2026-01-01T00:00:00.000Z' }] };
    expect((await world.ask('{ resourcePools { nodes { name } } }')).body.extensions).toBeUndefined();
    // Only the relation depends on what is missing.
    expect((await world.ask('{ resourcePools { nodes { resourceCount } } }')).body.extensions).toEqual(named);
    expect(
      (await world.ask('query ($id: ID!) { resource(id: $id) { id } }', { id: ids.resource(1) })).body.extensions,
    ).toEqual(named);
  });

  test('what may still come is not absent', async () => {
    world.coverage.expect('late', ['DeploymentManager'], new Set());
    const { body } = await world.ask('query ($id: ID!) { node(id: $id) { id } deploymentManager(id: $id) { id } }', {
      id: id('x', 1),
    });
    expect(body.data).toEqual({ node: null, deploymentManager: null });
    expect(body.errors!.map((error) => error.extensions)).toEqual([
      { code: 'UNAVAILABLE', retryAfter: 1 },
      { code: 'UNAVAILABLE', retryAfter: 1 },
    ]);
  });
});
