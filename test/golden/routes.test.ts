import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { majors, types, type Major } from './attributes.js';
import { base, fill, json, openGolden, type Golden, type Reply, type Row } from './client.js';
import { isObject } from './kinds.js';
import { mediaType, problemFaults } from './problems.js';
import {
  accepts,
  allowed,
  longTarget,
  notFound,
  notServedYet,
  refusedMethods,
  routes,
  spellings,
  unknownApis,
  versioned,
  versionForm,
  versions,
} from './routes.js';

let golden: Golden;
beforeAll(async () => {
  golden = await openGolden();
});
afterAll(() => golden.close());

const at = (prefix: string, path: string): string => prefix + fill(path, golden.ids);
const families = majors.flatMap((major) => spellings.map((spelling) => ({ major, prefix: base(major, spelling) })));

async function servedVersion(major: Major): Promise<string> {
  const reply = await golden.send(at(base(major), '/'));
  return String(reply.headers['version']).split('-impl:')[0] ?? '';
}

describe.each(families)('$prefix', ({ prefix }) => {
  test.each(routes)('§1.3 GET $path is 200 application/json, $type, list: $list', async ({ path, type, list }) => {
    const reply = await golden.send(at(prefix, path));
    expect([reply.status, mediaType(reply)]).toEqual([200, 'application/json']);
    const body = json(reply);
    expect(list ? Array.isArray(body) : isObject(body)).toBe(true);
    const objects = (list ? body : [body]) as Row[];
    const key = types.find((one) => one.type === type)?.id ?? '';
    expect(objects.filter((row) => typeof row[key] !== 'string')).toEqual([]);
  });

  test.each(routes)('§1.2 HEAD $path follows GET, without a body', async ({ path }) => {
    const [get, head] = [await golden.send(at(prefix, path)), await golden.send(at(prefix, path), { method: 'HEAD' })];
    const fields = (reply: Reply): unknown[] => [
      reply.status,
      mediaType(reply),
      reply.headers['version'],
      reply.headers['etag'],
    ];
    expect(fields(head)).toEqual(fields(get));
    expect(head.text).toBe('');
  });

  test.each(routes)('§1.2 OPTIONS $path tells the methods by Allow', async ({ path }) => {
    const reply = await golden.send(at(prefix, path), { method: 'OPTIONS' });
    expect([reply.status, reply.text]).toEqual([204, '']);
    expect(reply.headers['allow']).toMatch(/\bGET\b/);
  });

  test.each(routes)('§1.2 methods other than GET and HEAD on $path are 405 with Allow', async ({ path }) => {
    for (const method of refusedMethods) {
      const withBody = method === 'POST' || method === 'PUT' || method === 'PATCH';
      const content = { headers: { 'Content-Type': 'application/json' }, body: '{}' };
      const reply = await golden.send(at(prefix, path), { method, ...(withBody ? content : {}) });
      const allow = (reply.headers['allow'] ?? '').split(',').map((name) => name.trim());
      expect({ method, faults: problemFaults(reply, 405) }).toEqual({ method, faults: [] });
      expect({ method, allow: allow.toSorted() }).toEqual({ method, allow: allowed });
    }
  });

  test.each(notFound)('$clause $why is 404: $path', async ({ path }) => {
    expect(problemFaults(await golden.send(at(prefix, path)), 404)).toEqual([]);
  });

  test('§1.2 HEAD of an unknown object is 404 without a body', async () => {
    const reply = await golden.send(at(prefix, '/resourcePools/{unknown}'), { method: 'HEAD' });
    expect([reply.status, reply.text]).toEqual([404, '']);
  });

  test.each(notServedYet)('§1.2 %s is not served yet: 404', async (path) => {
    expect(problemFaults(await golden.send(at(prefix, path)), 404)).toEqual([]);
  });
});

describe.each(spellings)('§4 outside the served versions of %s', (apiName) => {
  test.each(unknownApis)('$why is 404: $path', async ({ path }) => {
    expect(problemFaults(await golden.send(fill(path, { apiName })), 404)).toEqual([]);
  });
});

describe.each(majors)('headers of %s', (major) => {
  const targets = ['/', '/resourcePools', '/resourcePools/{resourcePoolId}'];

  test.each(accepts)('$clause Accept: $value ($why) is $status', async ({ value, status }) => {
    for (const path of targets) {
      const reply = await golden.send(at(base(major), path), { headers: { Accept: value } });
      expect(status).toContain(reply.status);
      if (reply.status === 406) expect(problemFaults(reply, 406)).toEqual([]);
    }
  });

  test.each(versions)('$clause Version: $value ($why) is $status', async ({ value, status }) => {
    const served = await servedVersion(major);
    const sent = value.replace('{served}', served).replace('{n}', major.slice(1));
    for (const path of targets) {
      const reply = await golden.send(at(base(major), path), { headers: { Version: sent } });
      expect(status).toContain(reply.status);
      if (reply.status !== 200) expect(problemFaults(reply, reply.status)).toEqual([]);
    }
  });

  test.each(versioned)('§3.3 the answer $status of $path carries Version', async ({ path, method = 'GET', status }) => {
    const reply = await golden.send(at(base(major), path), { method });
    expect(reply.status).toBe(status);
    expect(reply.headers['version']).toMatch(versionForm);
    expect(String(reply.headers['version']).split('.')[0]).toBe(major.slice(1));
  });

  test('§1.9 an unknown query parameter is ignored', async () => {
    for (const path of targets) {
      const [plain, extra] = [at(base(major), path), at(base(major), `${path}?profile=x&unknown`)];
      const [expected, reply] = [await golden.send(plain), await golden.send(extra)];
      expect(reply.status).toBe(200);
      expect(json(reply)).toEqual(json(expected));
    }
  });

  test('§4 a URI that is too long is 414', async () => {
    expect(problemFaults(await golden.send(longTarget(major)), 414)).toEqual([]);
  });
});

describe.each(majors)('entity tags of %s (architecture §7, RFC 9110 §13.1.2)', (major) => {
  test.each(routes)('$path: its ETag in If-None-Match is 304 without a body', async ({ path }) => {
    const target = at(base(major), path);
    const tag = (await golden.send(target)).headers['etag'] ?? '';
    expect(tag).toMatch(/^(W\/)?"[^"]*"$/);
    for (const value of [tag, `"another", ${tag}`, '*']) {
      const reply = await golden.send(target, { headers: { 'If-None-Match': value } });
      expect({ value, status: reply.status, text: reply.text }).toEqual({ value, status: 304, text: '' });
      expect(reply.headers['etag']).toBe(tag);
    }
  });

  test.each(routes)('$path: another ETag in If-None-Match is 200', async ({ path }) => {
    const reply = await golden.send(at(base(major), path), { headers: { 'If-None-Match': '"another"' } });
    expect(reply.status).toBe(200);
    expect(json(reply)).toBeDefined();
  });
});
