import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { attributesOf, listed, majors, types, type Attribute, type Major } from './attributes.js';
import { base, fill, json, openGolden, type Golden, type Row } from './client.js';
import { shapeFaults } from './shape.js';

let golden: Golden;
beforeAll(async () => {
  golden = await openGolden();
});
afterAll(() => golden.close());

const crawl = (major: Major, path: string): Promise<Row[]> => golden.crawl(base(major) + fill(path, golden.ids));
const one = async (major: Major, path: string): Promise<Row> => {
  const reply = await golden.send(base(major) + fill(path, golden.ids));
  expect(reply.status).toBe(200);
  return json(reply) as Row;
};

/** Identifiers of every object of a collection; of all pools when it is the resources that are named. */
async function known(major: Major, names: NonNullable<Attribute['names']>): Promise<Set<unknown>> {
  if (names === 'oCloud') return new Set([(await one(major, '/'))['oCloudId']]);
  const type = listed.find(({ list }) => list === names);
  if (type === undefined) throw new Error(`no collection ${names}`);
  return new Set((await crawl(major, type.path)).map((row) => row[type.id]));
}

describe.each(majors)('attributes of %s', (major) => {
  test.each(listed)('§1.3 $type: every object of $path under all_fields is as its table', async (type) => {
    const rows = await crawl(major, `${type.path}?all_fields`);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.flatMap((row) => shapeFaults(type, major, row, 'all_fields'))).toEqual([]);
  });

  test.each(listed)('§3.2 $type: without selector $path leaves out the default-excluded only', async (type) => {
    const rows = await crawl(major, type.path);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.flatMap((row) => shapeFaults(type, major, row, 'default'))).toEqual([]);
  });

  test.each(types)('§1.3 $type: $object is as its table', async (type) => {
    const full = await one(major, `${type.object}?all_fields`);
    expect(shapeFaults(type, major, full, 'all_fields')).toEqual([]);
    const short = await one(major, type.object);
    expect(shapeFaults(type, major, short, 'default')).toEqual([]);
  });

  test.each(listed)('§0.4 $type: identifiers are unique', async (type) => {
    const ids = (await crawl(major, type.path)).map((row) => row[type.id]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each(listed)('§1.2 $type: its identifiers name objects that are there', async (type) => {
    const rows = await crawl(major, type.path);
    const references = attributesOf(type, major).filter((attribute) => attribute.names !== undefined);
    for (const { name, names } of references) {
      if (names === undefined) continue;
      const targets = await known(major, names);
      const dangling = rows.flatMap((row) => [row[name] ?? []].flat()).filter((id) => !targets.has(id));
      expect({ attribute: name, dangling }).toEqual({ attribute: name, dangling: [] });
    }
  });

  test('§1.3 CloudInfo: serviceUri is the apiRoot, without apiName', async () => {
    expect((await one(major, '/'))['serviceUri']).toBe(golden.apiRoot);
  });

  test('§1.3 ResourceInfo: resourcePoolId is that of the pool in the path', async () => {
    const rows = await crawl(major, '/resourcePools/{otherPoolId}/resources');
    expect(rows.filter((row) => row['resourcePoolId'] !== golden.ids['otherPoolId'])).toEqual([]);
  });
});

test('§1.3 CloudInfo: globalCloudId of v1 is the same under both spellings, and that of v2', async () => {
  const [first, second] = [await one('v1', '/'), await one('v2', '/')];
  expect(first['globalcloudId']).toBe(first['globalCloudId']);
  expect(second['globalCloudId']).toBe(first['globalCloudId']);
});

test.each(listed)('§0.2 $type: both majors show the same objects', async (type) => {
  const ids = async (major: Major): Promise<unknown[]> => (await crawl(major, type.path)).map((row) => row[type.id]);
  expect((await ids('v1')).toSorted()).toEqual((await ids('v2')).toSorted());
});
