/** What the operator may switch of what is served: v2 away (contract 0.2), and the form of `uriPrefix` (1.2). */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { call, facades, operationOf } from '#test/facade-calls.js';
import { nowhere, openGatewayUnderTest, type GatewayUnderTest } from '#test/gateway-under-test.js';
import { json, linksOf, rowsOf, type Row } from './client.js';
import { problemFaults } from './problems.js';
import { routes, spellings } from './routes.js';

const simulators = { sim: { embedded: { seed: 7, size: 60, pools: 5, changesPerSecond: 0 } } };
const oneMajor = ['1.2.0', '1.1.0', '1.0.0'];
const bothMajors = ['2.0.0', ...oneMajor];

interface Versions {
  readonly uriPrefix: string;
  readonly apiVersions: readonly { readonly version: string }[];
}
const versionsOf = ({ apiVersions }: Versions) => apiVersions.map(({ version }) => version);

describe.each(['apis: { inventory: { v2: false } }', 'conformance: suite'])('%s', (yaml) => {
  let gateway: GatewayUnderTest;
  let ids: Readonly<Record<string, string>>;
  beforeAll(async () => {
    gateway = await openGatewayUnderTest({
      simulators,
      yaml: `${yaml}\nlimits: { pageSize: 4 }\ncallbacks: { test: "off" }`,
    });
    ids = await someIds(gateway);
  });
  afterAll(async () => {
    await gateway.close();
    expect(gateway.logged).toEqual([]);
  });
  const fill = (path: string) => path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name]!);

  describe.each(spellings)('%s', (spelling) => {
    test.each(routes)('§0.2 $path is 404 in v2, and 200 in v1', async ({ path }) => {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const away = await gateway.send(`/${spelling}/v2${fill(path)}`, { method });
        expect([method, problemFaults(away, 404)]).toEqual([method, []]);
        expect([away.headers['version'], away.headers['allow']]).toEqual([undefined, undefined]);
      }
      const there = await gateway.send(`/${spelling}/v1${fill(path)}`);
      expect([there.status, there.headers['version']]).toEqual([200, '1.2.0']);
    });

    test.each(['/subscriptions', `/subscriptions/${nowhere}`, '/api_versions'])('§0.2 so is %s', async (path) => {
      const ask = { method: 'POST', body: { callback: 'http://127.0.0.1:9/' } };
      for (const each of [{}, ask, { method: 'OPTIONS' }])
        expect((await gateway.send(`/${spelling}/v2${path}`, each)).status).toBe(404);
    });

    test('§1.2 api_versions tells v1 alone', async () => {
      for (const path of ['/api_versions', '/v1/api_versions']) {
        const told = json(await gateway.send(`/${spelling}${path}`)) as Versions;
        expect([told.uriPrefix, versionsOf(told)]).toEqual([`${gateway.url}/${spelling}/v1/`, oneMajor]);
      }
      const headers = { Version: '2.0.0' };
      expect(problemFaults(await gateway.send(`/${spelling}/api_versions`, { headers }), 406)).toEqual([]);
    });

    test('§3.4 v1 goes on page after page in its own paths', async () => {
      const first = await gateway.send(`/${spelling}/v1/resourcePools`);
      const next = linksOf(first).get('next')!;
      expect(next.startsWith(`${gateway.url}/${spelling}/v1/resourcePools?`)).toBe(true);
      expect(rowsOf(await gateway.send(next.slice(gateway.url.length)))).toHaveLength(1);
    });
  });

  test('§0.2 nobody subscribes to what refers to v2: through no facade', async () => {
    for (const facade of facades.filter(({ name }) => name !== 'rest')) {
      for (const given of [{}, { apiMajor: 'v2' }]) {
        const value = { callback: 'http://127.0.0.1:9/', ...given };
        const made = await call(gateway, facade, operationOf('inventorySubscriptions.create'), { value });
        expect([facade.name, made!.code]).toEqual([facade.name, 'INVALID']);
        expect(made!.reply.text).toContain('apiMajor');
      }
      const value = { callback: `http://127.0.0.1:9/${facade.name}`, apiMajor: 'v1' };
      const made = await call(gateway, facade, operationOf('inventorySubscriptions.create'), { value });
      expect([facade.name, made!.code]).toEqual([facade.name, 'OK']);
    }
  });

  test('§0.2 no OpenAPI document is of v2, or names it', async () => {
    const { documents } = json(await gateway.send('/openapi/')) as { readonly documents: readonly string[] };
    expect(documents.map((each) => each.replace('/openapi/', '')).toSorted()).toEqual([
      'netweave-v1.json',
      'o2ims-infrastructureInventory-v1.json',
      'o2ims-v1.json',
    ]);
    expect((await gateway.send('/openapi/o2ims-infrastructureInventory-v2.json')).status).toBe(404);
    for (const document of documents) {
      const { paths } = json(await gateway.send(document)) as { readonly paths: object };
      expect(Object.keys(paths).filter((path) => path.includes('/v2'))).toEqual([]);
    }
  });
});

/** Of one object of each type, by the name of their path parameter. */
async function someIds(gateway: GatewayUnderTest): Promise<Readonly<Record<string, string>>> {
  const v1 = `/${spellings[0]}/v1`;
  const first = async (path: string) => rowsOf(await gateway.send(`${v1}${path}`))[0]!;
  const pool = await first('/resourcePools');
  const found: readonly Row[] = [
    pool,
    await first(`/resourcePools/${String(pool['resourcePoolId'])}/resources`),
    await first('/resourceTypes'),
    await first('/deploymentManagers'),
    { globalLocationId: (await first('/locations'))['globalLocationId'] },
    { oCloudSiteId: (await first('/oCloudSites'))['oCloudSiteId'] },
  ];
  return Object.assign({}, ...found) as Record<string, string>;
}

describe('apiVersionsPrefix', () => {
  const told = async (yaml: string, path: string) => {
    const gateway = await openGatewayUnderTest({ yaml: `publicUrl: https://o-cloud.example\n${yaml}` });
    const reply = await gateway.send(path);
    await gateway.close();
    expect(reply.status).toBe(200);
    return json(reply) as Versions;
  };

  test.each(spellings.flatMap((spelling) => ['', '/v1', '/v2'].map((major) => [spelling, major] as const)))(
    '§1.2 relative: %s%s/api_versions has a path without a slash at the end',
    async (spelling, major) => {
      const { uriPrefix, apiVersions } = await told('apiVersionsPrefix: relative', `/${spelling}${major}/api_versions`);
      expect(uriPrefix).toBe(`/${spelling}${major === '' ? '/v2' : major}`);
      const expected = { '': bothMajors, '/v1': oneMajor, '/v2': ['2.0.0'] }[major];
      expect(apiVersions.map(({ version }) => version)).toEqual(expected);
    },
  );

  test('§1.2 relative, with v2 away: the major that is left', async () => {
    const yaml = 'apiVersionsPrefix: relative\nconformance: suite';
    expect((await told(yaml, `/${spellings[0]}/api_versions`)).uriPrefix).toBe(`/${spellings[0]}/v1`);
  });

  test('§1.2 otherwise absolute, below publicUrl', async () => {
    const { uriPrefix } = await told('', `/${spellings[0]}/v1/api_versions`);
    expect(uriPrefix).toBe(`https://o-cloud.example/${spellings[0]}/v1/`);
  });
});
