import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { allOperations } from '#src/operations/operations.js';
import { facades } from './facade-calls.js';
import { nowhere } from './gateway-under-test.js';
import { besieged, o2, traps } from './refusals.js';

const { send, expectAnswered } = besieged();
const junk = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 40 }));

/** Values that no body should survive, or that should do nothing. */
const deep = (levels: number, open = '[', close = ']') => open.repeat(levels) + close.repeat(levels);
const bodies: readonly string[] = [
  '',
  ' ',
  'null',
  'true',
  '1',
  '"text"',
  '[]',
  '[{}]',
  '{',
  '}',
  '{"a":}',
  '{"a":1,}',
  "{'a':1}",
  '\ufeff{}',
  '{"a":1}{"a":1}',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '{"toString":1,"hasOwnProperty":1}',
  '{"name":"x","description":"","extensions":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}',
  '{"name":{"$ne":null},"description":["x"],"size":"many","id":{}}',
  '{"name":"x","name":2,"description":"","size":1e999}',
  '{"size":1.5}',
  '{"size":-0}',
  '{"size":99999999999999999999}',
  '{"size":2147483648}',
  '{"id":"x","size":1}',
  ...[25, 500, 20_000].flatMap((levels) => [
    deep(levels),
    `{"a":${deep(levels)}}`,
    `{"name":"deep ${levels}","description":"","extensions":{"a":${deep(levels)}}}`,
    `{"name":"deep","description":"","extensions":${deep(levels / 5, '{"a":', '}').replace(':}', ':{}}')}}`,
  ]),
  `{"name":"${'x'.repeat(60_000)}","description":""}`,
  `{${Array.from({ length: 3000 }, (_, at) => `"k${at}":${at}`).join(',')}}`,
];
const writes = [
  ['own', 'POST', '/netweave/v1/resourcePools'],
  ['own', 'PATCH', `/netweave/v1/resourcePools/${nowhere}`],
  ['own', 'POST', `/netweave/v1/resourcePools/${nowhere}/scale`],
  ['own', 'DELETE', `/netweave/v1/resourcePools/${nowhere}`],
  ['own', 'GET', '/netweave/v1/resourcePools'],
  ['own', 'POST', '/netweave/v1/resources'],
  ['trpc', 'POST', '/trpc/resourcePools.create'],
  ['trpc', 'POST', '/trpc/resourcePools.list'],
  ['trpc', 'POST', '/trpc/resources.update,resources.list?batch=1'],
  ['graphql', 'POST', '/graphql'],
  ['graphql', 'PUT', '/graphql'],
  ['rest', 'POST', `${o2}/resourcePools`],
  ['rest', 'GET', `${o2}/resourcePools`],
] as const;

/** A body as each facade takes it: alone, and where the values of an operation stand. */
function wrapped(facade: string, body: string): readonly string[] {
  if (facade === 'trpc')
    return [
      body,
      `{"value":${body}}`,
      `{"id":"${nowhere}","patch":${body}}`,
      `{"filter":${body}}`,
      `{"0":${body},"1":${body}}`,
    ];
  const document = 'mutation ($input: CreateResourcePoolInput!) { createResourcePool(input: $input) { id } }';
  if (facade === 'graphql')
    return [
      body,
      `{"query":${body}}`,
      `{"query":"{ __typename }","variables":${body}}`,
      `{"query":"${document}","variables":{"input":${body}}}`,
      `{"query":"{ __typename }","operationName":${body},"extensions":${body}}`,
    ];
  return [body];
}

describe.each(writes)('bodies: %s %s %s', (facade, method, target) => {
  test('that are not what is asked for', async () => {
    for (const body of bodies)
      for (const sent of wrapped(facade, body)) await expectAnswered(target, { method, body: sent });
  }, 60_000);

  test('of any JSON', async () => {
    const json = fc.oneof(
      fc.json({ maxDepth: 4 }),
      fc
        .dictionary(
          fc.constantFrom('name', 'description', 'extensions', 'id', 'value', 'patch', 'query', 'variables', ...traps),
          fc.jsonValue(),
        )
        .map((value) => JSON.stringify(value)),
    );
    const property = fc.asyncProperty(json, fc.nat(4), async (body, at) => {
      const choices = wrapped(facade, body);
      await expectAnswered(target, { method, body: choices[at % choices.length]! });
    });
    await fc.assert(property, { numRuns: 60 });
  }, 60_000);

  test.each([
    undefined,
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-16',
    'application/json; charset=nonsense',
    'application/merge-patch+json',
    'nonsense',
  ])('that claim to be %s', async (type) => {
    const headers: Record<string, string> = type === undefined ? {} : { 'Content-Type': type };
    for (const body of ['{}', 'a=b', '\u0000'])
      for (const encoding of ['identity', 'gzip', 'nonsense'])
        await expectAnswered(target, { method, body, headers: { ...headers, 'Content-Encoding': encoding } });
  });
});

test.each(facades.map((facade) => facade.name))('a body that is too large is refused by %s', async (name) => {
  const [, method, target] = writes.find(([facade]) => facade === name)!;
  const { status, text: told } = await send(target, { method, body: `{"name":"${'x'.repeat(70_000)}"}` });
  expect([status, told.includes('large') || name === 'rest']).toEqual([name === 'rest' ? 405 : 413, true]);
});

test('documents of GraphQL', async () => {
  const parts = [
    '{',
    '}',
    '(',
    ')',
    '...',
    'on',
    'fragment',
    'query',
    'mutation',
    '$a',
    ':',
    '!',
    '@skip(if: true)',
    '@include',
    'resourcePools',
    'resources',
    'nodes',
    'name',
    'id',
    '__schema',
    '__typename',
    'first: 1',
    'where: {',
    '"',
    '"""',
    '#',
    '[',
    ']',
    '1e99',
    ...traps,
  ];
  const document = fc.oneof(
    junk,
    fc.array(fc.constantFrom(...parts), { maxLength: 25 }).map((words) => words.join(' ')),
  );
  const property = fc.asyncProperty(document, fc.jsonValue(), fc.boolean(), async (query, variables, get) => {
    const url = `/graphql?query=${encodeURIComponent(query)}&variables=${encodeURIComponent(JSON.stringify(variables))}`;
    if (get) await expectAnswered(url, { headers: { 'Apollo-Require-Preflight': 'x' } });
    else await expectAnswered('/graphql', { method: 'POST', body: { query, variables } });
  });
  await fc.assert(property, { numRuns: 250 });
});

test('a filter with more conditions than any client needs is refused before anything is looked at', async () => {
  const condition = { operator: 'neq', path: ['description'], values: ['x'] };
  const filter = (size: number) => ({ any: Array.from({ length: size }, () => ({ any: Array(10).fill(condition) })) });
  const asked = (size: number) => send('/trpc/resources.list', { method: 'POST', body: { filter: filter(size) } });
  expect((await asked(10)).status).toBe(200);
  const { status, text: told } = await asked(30);
  expect([status, told]).toEqual([400, expect.stringContaining('more than 256 conditions and groups')]);
});

test('inputs of tRPC', async () => {
  const names = allOperations.map(({ name }) => name);
  const input = fc.record(
    {
      id: fc.jsonValue(),
      first: fc.jsonValue(),
      page: fc.jsonValue(),
      filter: fc.jsonValue(),
      orderBy: fc.jsonValue(),
      parent: fc.jsonValue(),
      after: fc.jsonValue(),
      value: fc.jsonValue(),
      patch: fc.jsonValue(),
      size: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const property = fc.asyncProperty(
    fc.constantFrom(...names),
    fc.oneof(
      input.map((value) => JSON.stringify(value)),
      fc.json(),
      junk,
    ),
    async (name, sent) => {
      const get = `/trpc/${name}?input=${encodeURIComponent(sent)}`;
      if (get.length < 8000) await expectAnswered(get);
      await expectAnswered(`/trpc/${name}`, { method: 'POST', body: sent });
    },
  );
  await fc.assert(property, { numRuns: 200 });
});
