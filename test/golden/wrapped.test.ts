/** The o2ims dialect (contract 1.1): pools in a wrapper, without versions. Its table is written by hand, as those of 1.3 are. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nowhere, openGatewayUnderTest, type GatewayUnderTest } from '#test/gateway-under-test.js';
import { json, linksOf, type Reply, type Row } from './client.js';
import { isOfKind } from './kinds.js';
import { mediaType, problemFaults } from './problems.js';
import { allowed, refusedMethods } from './routes.js';

const pools = '/o2ims/v1/resourcePools';
const pageSize = 4;
const count = 10;

/** What a pool has here: `Id` is a UUID in lower case; the last two only where they are known. */
const table = [
  ['resourcePoolId', 'Id', true],
  ['name', 'String', true],
  ['description', 'String', true],
  ['oCloudId', 'Id', true],
  ['location', 'String', false],
  ['extensions', 'KeyValuePairs', false],
] as const;
const names = table.map(([name]) => name);

let gateway: GatewayUnderTest;
let all: readonly Row[];
beforeAll(async () => {
  gateway = await openGatewayUnderTest({
    simulators: { sim: { embedded: { seed: 7, size: 200, pools: count, changesPerSecond: 0 } } },
    yaml: `limits: { pageSize: ${pageSize} }`,
  });
  all = await crawl(pools);
});
afterAll(async () => {
  await gateway.close();
  expect(gateway.logged).toEqual([]);
});

/** The members of a 200 with `{"items": [...]}` and nothing else. */
function itemsOf(reply: Reply): readonly Row[] {
  expect([reply.status, mediaType(reply), reply.headers['version']]).toEqual([200, 'application/json', undefined]);
  const body = json(reply) as { readonly items: readonly Row[] };
  expect([Object.keys(body), Array.isArray(body.items)]).toEqual([['items'], true]);
  return body.items;
}

async function crawl(start: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let target: string | undefined = start; target !== undefined;) {
    const page = await gateway.send(target);
    rows.push(...itemsOf(page));
    const next = linksOf(page).get('next');
    if (next !== undefined) expect(next.startsWith(`${gateway.url}${pools}?`)).toBe(true);
    target = next?.slice(gateway.url.length);
  }
  return rows;
}

function faultsOf(row: Row): readonly string[] {
  const strange = Object.keys(row).filter((name) => !(names as readonly string[]).includes(name));
  const wrong = table.flatMap(([name, kind, always]) => {
    if (row[name] === undefined) return always ? [`${name} is missing`] : [];
    return isOfKind(row[name], kind) ? [] : [`${name} is not ${kind}`];
  });
  return [...strange, ...wrong];
}

const filtered = (filter: string, more = '') => `${pools}?filter=${encodeURIComponent(filter)}${more}`;
const one = () => `${pools}/${String(all[0]!['resourcePoolId'])}`;

describe('the list', () => {
  test('has every pool once, page after page, in the order of ids', async () => {
    const ids = all.map((row) => String(row['resourcePoolId']));
    expect(ids).toEqual([...new Set(ids)].toSorted());
    expect(ids).toHaveLength(count);
    expect(itemsOf(await gateway.send(pools))).toHaveLength(pageSize);
    const o2 = await gateway.send('/o2ims-infrastructureInventory/v1/resourcePools');
    expect((json(o2) as Row[]).map((row) => row['resourcePoolId'])).toEqual(ids.slice(0, pageSize));
  });

  test('shows what its table has, extensions too, and nothing else', () => {
    expect(all.flatMap(faultsOf)).toEqual([]);
    expect(all.filter((row) => row['extensions'] === undefined)).toEqual([]);
  });

  test('is filtered, and is an empty one where nothing fits', async () => {
    const { name } = all[1]!;
    expect(itemsOf(await gateway.send(filtered(`(eq,name,'${String(name)}')`)))).toEqual([all[1]]);
    expect(itemsOf(await gateway.send(filtered('(eq,name,nobody)')))).toEqual([]);
    expect(await crawl(filtered(`(neq,name,'${String(name)}')`))).toEqual(all.filter((row) => row !== all[1]));
  });

  test('takes selectors in its own names', async () => {
    const rows = async (query: string) => itemsOf(await gateway.send(`${pools}?${query}`));
    const keysOf = (row: Row | undefined) => Object.keys(row!).toSorted();
    // What is single is never left out (3.2); `extensions` was not named.
    for (const [index, row] of (await rows('fields=name')).entries())
      expect(keysOf(row)).toEqual(keysOf(all[index]).filter((name) => name !== 'extensions'));
    expect((await rows('exclude_fields=extensions')).map((row) => row['extensions'])).toEqual(
      Array.from({ length: pageSize }, () => undefined),
    );
    expect(await rows('all_fields')).toEqual(all.slice(0, pageSize));
  });
});

test('a single pool is as it stands in the list, without a wrapper', async () => {
  const reply = await gateway.send(one());
  expect([reply.status, mediaType(reply), reply.headers['version']]).toEqual([200, 'application/json', undefined]);
  expect(json(reply)).toEqual(all[0]);
});

const targets: readonly (readonly [what: string, target: () => string])[] = [
  ['the list', () => pools],
  ['a filtered list', () => filtered('(neq,name,nobody)')],
  ['an empty list', () => filtered('(eq,name,nobody)')],
  ['a selected list', () => `${pools}?fields=name`],
  ['a single pool', one],
];

describe.each(targets)('%s', (_, target) => {
  test('HEAD follows GET, without a body', async () => {
    const headers = { 'X-Request-Id': 'the-same' };
    const [get, head] = [
      await gateway.send(target(), { headers }),
      await gateway.send(target(), { headers, method: 'HEAD' }),
    ];
    expect(get.headers['content-length']).toBe(String(Buffer.byteLength(get.text)));
    expect([head.status, head.text]).toEqual([200, '']);
    expect({ ...head.headers, date: '' }).toEqual({ ...get.headers, date: '' });
  });

  test('its ETag in If-None-Match is 304, another is 200', async () => {
    const { headers } = await gateway.send(target());
    expect(headers['etag']).toMatch(/^"[^"]+"$/);
    const ask = (tag: string) => gateway.send(target(), { headers: { 'If-None-Match': tag } });
    const same = await ask(headers['etag']!);
    expect([same.status, same.text, same.headers['etag'], same.headers['version']]).toEqual([
      304,
      '',
      headers['etag'],
      undefined,
    ]);
    expect((await ask('"another"')).status).toBe(200);
  });

  test('asks for no Version and looks at none', async () => {
    const plain = await gateway.send(target());
    for (const Version of ['1.0.0', '99.0.0', 'latest']) {
      const reply = await gateway.send(target(), { headers: { Version } });
      expect([reply.status, reply.text, reply.headers['version']]).toEqual([200, plain.text, undefined]);
    }
  });

  test('can only be read', async () => {
    for (const method of refusedMethods) {
      const reply = await gateway.send(target(), { method });
      expect([method, problemFaults(reply, 405)]).toEqual([method, []]);
      expect(reply.headers['allow']?.split(', ').toSorted()).toEqual(allowed);
      expect(reply.headers['version']).toBeUndefined();
    }
    const { status, headers } = await gateway.send(target(), { method: 'OPTIONS' });
    expect([status, headers['version']]).toEqual([204, undefined]);
    expect(headers['allow']?.split(', ').toSorted()).toEqual(allowed);
  });
});

test.each([
  ['an unknown pool', 404, `${pools}/${nowhere}`],
  ['what is below a pool', 404, `${pools}/${nowhere}/resources`],
  ['another collection', 404, '/o2ims/v1/resourceTypes'],
  ['the root of the dialect', 404, '/o2ims/v1/'],
  ['another major version', 404, '/o2ims/v2/resourcePools'],
  ['another case', 404, '/O2ims/v1/resourcePools'],
  ['its versions', 404, '/o2ims/api_versions'],
  ['the versions of its major', 404, '/o2ims/v1/api_versions'],
  ['a filter that is none', 400, `${pools}?filter=garbage`],
  ['a filter by what only O2 has', 400, filtered(`(eq,globalLocationId,x)`)],
  ['a selector of what only O2 has', 400, `${pools}?fields=oCloudSiteId`],
  ['a marker that is none', 400, `${pools}?nextpage_opaque_marker=abc`],
])('%s is a problem of %i without a Version', async (_, status, target) => {
  const reply = await gateway.send(target);
  expect(problemFaults(reply, status)).toEqual([]);
  expect(reply.headers['version']).toBeUndefined();
});

test('Accept without JSON is 406', async () => {
  expect(problemFaults(await gateway.send(pools, { headers: { Accept: 'text/html' } }), 406)).toEqual([]);
});
