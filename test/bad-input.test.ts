import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { facades, operationOf, type Facade, type Input } from './facade-calls.js';
import { nowhere } from './gateway-under-test.js';
import { besieged, o2, traps } from './refusals.js';

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

/** A list asked for through a facade, with what REST calls otherwise. */
const listThrough = (facade: Facade, input: Input) => facade.request(operationOf('resourcePools.list'), input)!;

describe.each(each)('filters and markers through %s', (_, facade) => {
  test('of any text are answered or refused at their position', async () => {
    const property = fc.asyncProperty(text, async (filter) => {
      const { target, ...ask } = listThrough(facade, { filter });
      if (target.length > 8000) return;
      const place = await expectAnswered(target, ask);
      if (place?.position === undefined) return;
      expect(place.at).toBe('filter');
      expect(place.position).toBeGreaterThanOrEqual(0);
      expect(place.position).toBeLessThanOrEqual(filter.length);
    });
    await fc.assert(property, runs);
  });

  test('a filter that is cut off or altered says where', async () => {
    const whole = "(eq,name,'fra1');(in,extensions/tier,edge,central);(cont,description,a)";
    const altered = fc.tuple(fc.nat(whole.length - 1), fc.constantFrom('', '(', ')', ',', ';', "'", '~'));
    const property = fc.asyncProperty(altered, async ([at, sign]) => {
      const { target, ...ask } = listThrough(facade, { filter: whole.slice(0, at) + sign });
      const place = await expectAnswered(target, ask);
      if (place) expect(place).toMatchObject({ at: 'filter', position: expect.any(Number) });
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
      await expectAnswered(target, ask);
    });
    await fc.assert(property, runs);
  });
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
      if (place && place.code !== 'NOT_FOUND') expect(place).toMatchObject({ code: 'INVALID', at: expect.any(String) });
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
  await fc.assert(property, { numRuns: 300 });
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
    if (name === 'Expect' && header !== '100-continue') return;
    await expectAnswered(target, { ...ask, headers: { [name]: header } });
  });
  await fc.assert(property, runs);
});
