import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { facades, operationOf, type Facade, type Input } from './facade-calls.js';
import { nowhere } from './gateway-under-test.js';
import { besieged, o2, traps, type Place } from './refusals.js';

const runs = { numRuns: 80 };
const { send, expectAnswered } = besieged();
let pool: string;
let sealed: string;

beforeAll(async () => {
  const reply = await send(`${o2}/resourcePools`);
  pool = (JSON.parse(reply.text) as { readonly resourcePoolId: string }[])[0]!.resourcePoolId;
  sealed = /marker=([^>]*)/.exec(String(reply.headers['link']))![1]!;
});

const words = [
  'eq',
  'neq',
  'in',
  'cont',
  'ncont',
  'gt',
  'name',
  'description',
  'extensions',
  'elements',
  'tags',
  '@key',
];
const signs = ['(', ')', ',', ';', '/', "'", '~', '~0', '~a', '@', ' ', '%', '+', '"', '\\', '\u0000', '\n', '🛰', ''];
const junk = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 40 }));
const grammar = fc
  .array(fc.oneof(fc.constantFrom(...words), fc.constantFrom(...signs), fc.constantFrom(...traps), junk), {
    maxLength: 14,
  })
  .map((parts) => parts.join(''));
const conditions = fc
  .array(fc.tuple(fc.constantFrom(...words, ...traps), fc.constantFrom(...words, ...traps), junk), { maxLength: 3 })
  .map((parts) => parts.map((part) => `(${part.join(',')})`).join(';'));
const text = fc.oneof(junk, grammar, conditions);
const each = facades.map((facade) => [facade.name, facade] as const);

/** Faults that show when a filter meets the model, and those of its size. */
const faults = [
  { why: 'too many values', list: 'resourcePools.list', filter: `(in,name${',a'.repeat(1001)})`, position: 2009 },
  {
    why: 'too many expressions',
    list: 'resourcePools.list',
    filter: Array(101).fill('(eq,name,x)').join(';'),
    position: 1200,
  },
  {
    why: 'too many names',
    list: 'resources.list',
    filter: `(eq,${'elements/'.repeat(32)}description,x)`,
    position: 292,
  },
  {
    why: 'no member of an enumeration',
    list: 'resourceTypes.list',
    filter: '(in,resourceClass,COMPUTE,FOO)',
    position: 26,
  },
  { why: 'a value of another type', list: 'locations.list', filter: '(neq,name,x);(eq,coordinate,10)', position: 17 },
  { why: 'an attribute with parts', list: 'resourcePools.list', filter: '(eq,extensions,x)', position: 4 },
] as const;

/** A refusal that names a character of the text, or its end. */
function expectInside(place: Place, at: string, text: string): void {
  expect(place).toMatchObject({ at, position: expect.any(Number) });
  expect(place.position).toBeGreaterThanOrEqual(0);
  expect(place.position).toBeLessThanOrEqual(text.length);
}

/** A list asked for through a facade, with what REST calls otherwise. */
const listThrough = (facade: Facade, input: Input) => facade.request(operationOf('resourcePools.list'), input)!;

describe.each(each)('filters and markers through %s', (_, facade) => {
  test('of any text are answered or refused at their position', async () => {
    const property = fc.asyncProperty(text, async (filter) => {
      const { target, ...ask } = listThrough(facade, { filter });
      if (target.length > 8000) return;
      const place = await expectAnswered(target, ask);
      if (place) expectInside(place, 'filter', filter);
    });
    await fc.assert(property, runs);
  });

  test('a filter that is cut off or altered says where', async () => {
    const whole = "(eq,name,'fra1');(in,extensions/tier,edge,central);(cont,description,a)";
    const altered = fc.tuple(fc.nat(whole.length - 1), fc.constantFrom('', '(', ')', ',', ';', "'", '~'));
    const property = fc.asyncProperty(altered, async ([at, sign]) => {
      const { target, ...ask } = listThrough(facade, { filter: whole.slice(0, at) + sign });
      const place = await expectAnswered(target, ask);
      if (place) expectInside(place, 'filter', whole.slice(0, at) + sign);
    });
    await fc.assert(property, runs);
  });

  test('markers', async () => {
    const altered = fc
      .nat(60)
      .map((at) => sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1));
    const numbers = fc.oneof(fc.nat().map(String), fc.constantFrom('00', '-1', '1e3', '999999', '9999999', '١'));
    const property = fc.asyncProperty(fc.oneof(text, altered, numbers), async (after) => {
      const { target, ...ask } = listThrough(facade, { after });
      const place = await expectAnswered(target, ask);
      if (place) expectInside(place, facade.name === 'rest' ? 'nextpage_opaque_marker' : 'after', after);
    });
    await fc.assert(property, runs);
  });

  test.each(faults)('a filter with $why', async ({ list, filter, position }) => {
    const { target, ...ask } = facade.request(operationOf(list), {
      filter,
      ...(list === 'resources.list' && { parent: pool }),
    })!;
    expect(await expectAnswered(target, ask)).toMatchObject({ at: 'filter', position });
  });
});

test.each([
  ['a percent sign alone', `${o2}/resourcePools?filter=(eq,name,%zz)`, { at: 'filter', position: 9 }],
  ['bytes that are no UTF-8', `${o2}/resourcePools?fields=name,%e2%82`, { at: 'fields', position: 5 }],
  ['a percent sign in an unknown parameter', `${o2}/resourcePools?a=%41&b=1%`, { at: 'b', position: 1 }],
  ['a percent sign in a name', `${o2}/resourcePools?a%=1`, { at: 'query', position: 1 }],
  ['a percent sign in the path', `${o2}/resourcePools/%zz`, { at: 'path', position: `${o2}/resourcePools/`.length }],
  ['a percent sign in the path of own', '/netweave/v1/resourcePools/a%zz', { at: 'path', position: 28 }],
  ['bad encoding in a query of own', '/netweave/v1/resourcePools?filter=(eq,name,%ff)', { at: 'filter', position: 9 }],
  ['bad encoding in a query of tRPC', '/trpc/resourcePools.list?input=%zz', { at: 'input', position: 0 }],
  ['bad encoding in a query of GraphQL', '/graphql?query={%', { at: 'query', position: 1 }],
  ['an input of tRPC that is no JSON', '/trpc/resourcePools.list?input=garbage', { at: 'input', position: 0 }],
  ['an input of tRPC that is nearly JSON', '/trpc/resourcePools.list?input={"first":}', { at: 'input', position: 9 }],
  ['a flag with a value', `${o2}/resourcePools?all_fields=1`, { at: 'all_fields', position: 0 }],
  ['selectors that exclude each other', `${o2}/resourcePools?all_fields&fields=name`, { at: 'fields', position: 0 }],
])('%s is refused where it stands', async (_, target, place) => {
  expect(await expectAnswered(target)).toMatchObject(place);
});

test.each(['/netweave/v1/resourcePools', '/trpc/resourcePools.create', '/graphql'])(
  'a body that is no JSON is refused where it ends to be: %s',
  async (target) => {
    const at = target.startsWith('/trpc') ? 'input' : 'body';
    expect(await expectAnswered(target, { method: 'POST', body: '{"a" 1}' })).toMatchObject({ at, position: 5 });
    if (at === 'input') return;
    expect(await expectAnswered(target, { method: 'POST', body: '{"a":1' })).toMatchObject({ at, position: 6 });
    expect(await expectAnswered(target, { method: 'POST', body: '{"a":}' })).toMatchObject({ at, position: 5 });
  },
);

test.each([
  `${o2}/resourcePools`,
  `${o2}/api_versions`,
  '/netweave/v1/resourcePools',
  '/graphql?query={__typename}',
  '/events',
])('an Accept that would take long to read is refused where it gets too long: %s', async (target) => {
  const place = await expectAnswered(target, { headers: { Accept: 'a/a,'.repeat(15_000) } });
  expect(place).toMatchObject({ at: 'Accept', position: 1024 });
});

test.each(['fields', 'exclude_fields', 'all_fields', 'exclude_default', 'filter', 'nextpage_opaque_marker', 'nothing'])(
  'selectors and parameters of O2: %s',
  async (name) => {
    const raw = fc.oneof(
      text.map(encodeURIComponent),
      fc.constantFrom('%', '%ZZ', '%00', '%ff%fe', '%c0%80', '&', '=', '&&=', '+'),
    );
    const list = fc.constantFrom(
      `${o2}/resourcePools`,
      `${o2}/resourcePools/${pool}/resources`,
      `${o2}/`,
      `/o2ims-infrastructureInventory/v1/deploymentManagers`,
      `${o2}/resourcePools/${pool}`,
    );
    const property = fc.asyncProperty(list, fc.array(raw, { minLength: 1, maxLength: 3 }), async (path, values) => {
      const place = await expectAnswered(`${path}?${values.map((value) => `${name}=${value}`).join('&')}`);
      if (!place || place.code === 'NOT_FOUND') return;
      expect(place).toMatchObject({ code: 'INVALID', at: expect.any(String), position: expect.any(Number) });
    });
    await fc.assert(property, runs);
  },
);

test('paths', async () => {
  const bases = [
    o2,
    '/o2ims/v1',
    '/o2ims-infrastructureInventory',
    '/netweave/v1',
    '/trpc',
    '/graphql',
    '/docs',
    '/openapi',
    '',
  ];
  const segment = fc.oneof(
    fc.constantFrom(
      'resourcePools',
      'resources',
      'resourcePools.list',
      'api_versions',
      '..',
      '.',
      '',
      '%2e%2e',
      '%2F',
      '%00',
      '%',
      '%zz',
      '*',
      ...traps,
    ),
    junk.map(encodeURIComponent),
  );
  const path = fc
    .tuple(fc.constantFrom(...bases), fc.array(segment, { maxLength: 5 }))
    .map(([base, rest]) => `${base}/${rest.join('/')}`);
  const property = fc.asyncProperty(
    path,
    fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'),
    async (target, method) => {
      await expectAnswered(target, { method });
    },
  );
  const examples: [string, string][] = ['..', '.', '%2e%2e', '.%2E/'].map((id) => [
    `/netweave/v1/resourcePools/${id}`,
    'GET',
  ]);
  await fc.assert(property, { numRuns: 300, examples });
});

test.each([
  ['Version', 'GET', o2, '2', 0],
  ['Version', 'GET', o2, '2.0.0, 1.0.0', 0],
  ['Version', 'GET', '/o2ims-infrastructureInventory', 'v2', 0],
  ['If-Match', 'PATCH', '/netweave/v1', 'now', 0],
  ['If-Match', 'PATCH', '/netweave/v1', '"1.a", b', 7],
  ['If-Match', 'PATCH', '/netweave/v1', '"1.a', 0],
])('a malformed %s is refused where it is wrong: %s %s, %s', async (name, method, base, header, position) => {
  const target =
    method === 'GET' ? `${base}/${base === o2 ? 'resourcePools' : 'api_versions'}` : `${base}/resourcePools/${pool}`;
  const body = method === 'GET' ? {} : { body: { description: 'x' } };
  const place = await expectAnswered(target, { method, ...body, headers: { [name]: header } });
  expect(place).toMatchObject({ code: 'INVALID', at: name, position });
});

test.each([
  'Accept',
  'Accept-Encoding',
  'Version',
  'If-None-Match',
  'If-Match',
  'Authorization',
  'Content-Type',
  'Content-Encoding',
  'X-Request-Id',
  'Origin',
  'Range',
  'X-HTTP-Method-Override',
  'X-Forwarded-Host',
  'Cookie',
])('the header %s', async (name) => {
  const known = [
    'application/json',
    'text/html',
    '*/*;q=0',
    ';q=',
    'Bearer ',
    'Bearer admin',
    '1.0.0',
    '2.0.0',
    '"x"',
    'W/"',
    '*',
    'gzip',
    'br',
    'charset=utf-16',
    '100-continue',
    ',',
    ';',
    '=',
  ];
  const value = fc.oneof(
    fc.array(fc.constantFrom(...known), { maxLength: 4 }).map((parts) => parts.join('')),
    fc.string({
      unit: fc
        .integer({ min: 0x20, max: 0xff })
        .filter((code) => code !== 0x7f)
        .map((code) => String.fromCharCode(code)),
      maxLength: 60,
    }),
  );
  const asked = facades.map((facade) => listThrough(facade, {}));
  const create = facades.flatMap(
    (facade) => facade.request(operationOf('resourcePools.update'), { id: nowhere, patch: { name: 'x' } }) ?? [],
  );
  const property = fc.asyncProperty(value, fc.constantFrom(...asked, ...create), async (header, { target, ...ask }) => {
    const place = await expectAnswered(target, { ...ask, headers: { [name]: header } });
    // The others are refused as a whole: a type or a coding that is not taken.
    if (place?.code === 'INVALID' && ['Accept', 'Version', 'If-Match'].includes(name))
      expectInside(place, name, header);
  });
  await fc.assert(property, runs);
});
