import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { listed, majors, type ListName, type Major } from './attributes.js';
import { base, fill, openGolden, type Golden, type Row } from './client.js';
import { absent, arrays, numbers, paths, quoting } from './filter-paths.js';
import { conjunctions, examples, operators, type FilterCase } from './filters.js';
import { malformed, singleObjects } from './malformed-filters.js';
import { problemFaults } from './problems.js';

let golden: Golden;
const unfiltered = new Map<string, Promise<Row[]>>();
beforeAll(async () => {
  golden = await openGolden();
});
afterAll(() => golden.close());

/** Both must be understood: everything percent-encoded, and whatever RFC 3986 allows in a query left raw. */
const encodings = {
  encoded: (text: string): string =>
    encodeURIComponent(text).replace(/[()']/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`),
  raw: (text: string): string =>
    encodeURIComponent(text).replace(/%(?:3B|2C|2F|40|3A)/g, (code) => decodeURIComponent(code)),
};

function query(filter: string | readonly string[], encode: (text: string) => string): string {
  return [filter]
    .flat()
    .map((text) => `filter=${encode(text)}`)
    .join('&');
}

function collection(list: ListName): { path: string; id: string } {
  const type = listed.find((one) => one.list === list);
  if (type === undefined) throw new Error(`no collection ${list}`);
  return { path: fill(type.path, golden.ids), id: type.id };
}

function live(major: Major, path: string): Promise<Row[]> {
  const target = `${base(major)}${path}?all_fields`;
  const known = unfiltered.get(target) ?? golden.crawl(target);
  unfiltered.set(target, known);
  return known;
}

async function check(major: Major, one: FilterCase): Promise<void> {
  const { path, id } = collection(one.list);
  const rows = await live(major, path);
  const { filter, keeps, proves } = one.expect(rows);
  const told = rows.filter((row) => keeps(row) !== undefined);
  const expected = told.filter((row) => keeps(row)).map((row) => row[id]);
  if (proves !== undefined) expect({ filter, kept: expected.length > 0 }).toEqual({ filter, kept: proves === 'some' });
  const open = new Set(rows.filter((row) => keeps(row) === undefined).map((row) => row[id]));
  for (const encode of Object.values(encodings)) {
    const text = query(filter, encode);
    const found = (await golden.crawl(`${base(major)}${path}?${text}`)).map((row) => row[id]);
    const settled = found.filter((key) => !open.has(key));
    expect({ text, kept: settled.toSorted() }).toEqual({ text, kept: expected.toSorted() });
  }
}

describe.each(majors)('filters of %s', (major) => {
  test.each(operators)('§3.1 operator: $title ($list)', (one) => check(major, one));
  test.each(examples)('§3.1 example: $title ($list)', (one) => check(major, one));
  test.each(conjunctions)('§3.1 AND: $title ($list)', (one) => check(major, one));
  test.each(quoting)('§3.1 quoting: $title ($list)', (one) => check(major, one));
  test.each(paths)('§3.1 path: $title ($list)', (one) => check(major, one));
  test.each(arrays)('§3.1 array: $title ($list)', (one) => check(major, one));
  test.each(numbers)('§3.1 typing: $title ($list)', (one) => check(major, one));
  test.each(absent)('§3.1 absent: $title ($list)', (one) => check(major, one));

  const faults = malformed.filter(({ only }) => only === undefined || only === major);
  test.each(faults)('§3.1 $why is 400: $filter', async ({ filter, path = '/resourcePools' }) => {
    for (const encode of Object.values(encodings)) {
      const reply = await golden.send(`${base(major)}${fill(path, golden.ids)}?${query(filter, encode)}`);
      expect(problemFaults(reply, 400)).toEqual([]);
    }
  });

  test.each(singleObjects)('§1.2 filter on the single object %s is 400', async (path) => {
    const reply = await golden.send(`${base(major)}${fill(path, golden.ids)}?filter=(eq,description,x)`);
    expect(problemFaults(reply, 400)).toEqual([]);
  });
});

test('§3.1 the attributes of v2 alone are filtered in v2', () =>
  check('v2', {
    title: 'oCloudSiteId',
    list: 'resourcePools',
    expect(rows) {
      const site = String(rows[0]?.['oCloudSiteId']);
      return { filter: `(eq,oCloudSiteId,${site})`, keeps: (row) => row['oCloudSiteId'] === site, proves: 'some' };
    },
  }));
