import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  descending,
  infoMembers,
  majorOf,
  newest,
  uriPrefixes,
  uris,
  versionFaults,
  versionMembers,
  wrongVersions,
} from './api-versions.js';
import { majors } from './attributes.js';
import { base, fill, json, openGolden, type Golden } from './client.js';
import { mediaType, problemFaults } from './problems.js';
import { refusedMethods, spellings, versionForm } from './routes.js';

interface Info {
  readonly uriPrefix: string;
  readonly apiVersions: readonly { readonly version: string }[];
}

let golden: Golden;
beforeAll(async () => {
  golden = await openGolden();
});
afterAll(() => golden.close());

const read = async (path: string, apiName: string): Promise<Info> =>
  json(await golden.send(fill(path, { apiName }))) as Info;

describe.each(spellings)('api_versions of %s', (apiName) => {
  test.each(uris)('§1.2 GET $path is 200 ApiVersionInformation', async ({ path }) => {
    const reply = await golden.send(fill(path, { apiName }));
    expect([reply.status, mediaType(reply)]).toEqual([200, 'application/json']);
    const info = json(reply) as Info;
    expect(Object.keys(info).toSorted()).toEqual(infoMembers.toSorted());
    expect(info.apiVersions.length).toBeGreaterThan(0);
    expect(info.apiVersions.flatMap(versionFaults)).toEqual([]);
    const members = info.apiVersions.flatMap((entry) => Object.keys(entry));
    expect(members.filter((member) => !versionMembers.includes(member))).toEqual([]);
  });

  test.each(uris)('§1.2, §0.1 uriPrefix of $path is absolute, with major, in the spelling asked', async (uri) => {
    const { uriPrefix } = await read(uri.path, apiName);
    expect(uriPrefixes(uri, golden.apiRoot, apiName)).toContain(uriPrefix);
  });

  test.each(uris)('§1.2 $path tells the versions of $majors, newest first', async (uri) => {
    const versions = (await read(uri.path, apiName)).apiVersions.map(({ version }) => version);
    expect(versions.toSorted(descending)).toEqual(versions);
    expect([...new Set(versions.map(majorOf))]).toEqual(uri.majors);
    const first = newest[uri.majors[0] ?? 'v1'];
    if (first !== undefined) expect(versions[0]).toBe(first);
  });

  test.each(uris)('§1.2 methods other than GET and HEAD on $path are 405', async ({ path }) => {
    for (const method of refusedMethods) {
      expect(problemFaults(await golden.send(fill(path, { apiName }), { method }), 405)).toEqual([]);
    }
  });

  test.each(uris)('§3.3 $path takes the Version that it tells, and no other', async ({ path }) => {
    const target = fill(path, { apiName });
    for (const { version } of (await read(path, apiName)).apiVersions) {
      const reply = await golden.send(target, { headers: { Version: version } });
      expect([reply.status, reply.headers['version']]).toEqual([200, version]);
    }
    for (const { value, status } of wrongVersions) {
      const reply = await golden.send(target, { headers: { Version: value } });
      expect({ value, faults: problemFaults(reply, status) }).toEqual({ value, faults: [] });
      expect(reply.headers['version']).toMatch(versionForm);
    }
  });

  test.each(uris)('RFC 9110 §13.1.2 $path: its ETag in If-None-Match is 304', async ({ path }) => {
    const target = fill(path, { apiName });
    const tag = (await golden.send(target)).headers['etag'] ?? '';
    expect(tag).toMatch(/^"[^"]+"$/);
    const reply = await golden.send(target, { headers: { 'If-None-Match': tag } });
    expect([reply.status, reply.text, reply.headers['etag']]).toEqual([304, '', tag]);
    expect((await golden.send(target, { headers: { 'If-None-Match': '"another"' } })).status).toBe(200);
  });

  test.each(majors)('§3.3 without a Version header, %s answers with its newest version', async (major) => {
    const info = await read(`/{apiName}/${major}/api_versions`, apiName);
    const reply = await golden.send(`${base(major, apiName)}/resourcePools`);
    const [used] = String(reply.headers['version']).split('-impl:');
    expect(used).toBe(info.apiVersions[0]?.version.split('-impl:')[0]);
  });

  test('§4 api_versions of an unknown major is 404', async () => {
    expect(problemFaults(await golden.send(fill('/{apiName}/v3/api_versions', { apiName })), 404)).toEqual([]);
  });
});
