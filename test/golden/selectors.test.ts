import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { attributesOf, majors, types, type GoldenType, type Major } from './attributes.js';
import { base, fill, json, openGolden, rowsOf, type Golden, type Row } from './client.js';
import { map, objects } from './filters.js';
import { problemFaults } from './problems.js';
import { refused, refusedOf, selectionsOf, traps, type Selection } from './selectors.js';

let golden: Golden;
beforeAll(async () => {
  golden = await openGolden();
});
afterAll(() => golden.close());

const at = (major: Major, path: string, query = ''): string =>
  base(major) + fill(path, golden.ids) + (query === '' ? '' : `?${query}`);

async function read(target: string): Promise<Row[]> {
  const reply = await golden.send(target);
  if (reply.status === 200 && !reply.text.startsWith('[')) return [json(reply) as Row];
  return rowsOf(reply);
}

/** An optional attribute without a value may be null or not there; how nested children are selected is not said. */
function value(row: Row, name: string): unknown {
  return name === 'elements' ? objects(row, name).map((child) => child['resourceId']) : (row[name] ?? undefined);
}

/** Everything in which a selected object departs from what the selection leaves of the whole one. */
function fateFaults(type: GoldenType, major: Major, selection: Selection, whole: Row, row: Row): string[] {
  return attributesOf(type, major).flatMap((attribute) => {
    const { name } = attribute;
    const fate = selection.fate(attribute);
    if (fate === 'dropped') return name in row ? [`${name} was sent`] : [];
    const same = isDeepStrictEqual(value(row, name), value(whole, name));
    if (fate === 'kept') return same ? [] : [`${name} is not as under all_fields`];
    return same || !(name in row) ? [] : [`${name} is neither left out nor as under all_fields`];
  });
}

async function check(major: Major, type: GoldenType, path: string): Promise<void> {
  const whole = new Map((await read(at(major, path, 'all_fields'))).map((row) => [row[type.id], row]));
  expect(whole.size).toBeGreaterThan(0);
  for (const selection of selectionsOf(type, major)) {
    const rows = await read(at(major, path, selection.query));
    const compared = rows.filter((row) => whole.has(row[type.id]));
    expect({ query: selection.query, compared: compared.length > 0 }).toEqual({
      query: selection.query,
      compared: true,
    });
    const faults = compared.flatMap((row) => fateFaults(type, major, selection, whole.get(row[type.id]) ?? {}, row));
    expect({ query: selection.query, faults }).toEqual({ query: selection.query, faults: [] });
  }
}

describe.each(majors)('selectors of %s', (major) => {
  test.each(types)('§3.2 each legal combination on $path ($type)', (type) => check(major, type, type.path));
  test.each(types)('§1.2 each legal combination on the single object $object', (type) =>
    check(major, type, type.object),
  );

  describe.each(types)('on $type', (type) => {
    const faults = [...refused, ...refusedOf(type, major)];
    test.each(faults)('$clause $why is 400: $query', async ({ query }) => {
      for (const path of new Set([type.path, type.object])) {
        const reply = await golden.send(at(major, path, query));
        expect({ path, faults: problemFaults(reply, 400) }).toEqual({ path, faults: [] });
      }
    });
  });

  test.each(traps)('§3.2 trap: $path?$query has $has and lacks $lacks', async ({ path, query, has, lacks }) => {
    const rows = await read(at(major, path, query));
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(expect.arrayContaining([...has]));
      expect(lacks.filter((name) => name in row)).toEqual([]);
    }
  });

  test('§1.2 the empty path takes the selectors too', async () => {
    const [bare, slash] = [await read(at(major, '', 'all_fields')), await read(at(major, '/', 'all_fields'))];
    expect(bare).toEqual(slash);
    expect(problemFaults(await golden.send(at(major, '', 'fields=WrongAttrName')), 400)).toEqual([]);
  });
});

/** A member of a capabilities map in the data, or one that is nowhere. */
function memberOf(rows: readonly Row[]): string {
  const names = rows.flatMap((row) => Object.keys(map(row, 'capabilities')));
  return names.find((name) => /^\w+$/.test(name)) ?? 'none';
}

describe.each(majors)('nested selectors of %s', (major) => {
  const path = '/deploymentManagers';

  test('§3.2 fields with a path returns the listed member', async () => {
    const whole = await read(at(major, path, 'all_fields'));
    const member = memberOf(whole);
    const rows = await read(at(major, path, `fields=capabilities/${member}`));
    const told = (row: Row): unknown => [row['deploymentManagerId'], map(row, 'capabilities')[member]];
    expect(rows.map(told)).toEqual(whole.map(told));
  });

  test('§3.2 exclude_fields with a path leaves out that member alone', async () => {
    const whole = await read(at(major, path, 'all_fields'));
    const member = memberOf(whole);
    const rows = await read(at(major, path, `exclude_fields=capabilities/${member}`));
    const left = (row: Row): unknown => Object.entries(map(row, 'capabilities')).filter(([name]) => name !== member);
    expect(rows.map((row) => Object.entries(map(row, 'capabilities')))).toEqual(whole.map(left));
    const others = (row: Row): unknown => ({ ...row, capabilities: undefined });
    expect(rows.map(others)).toEqual(whole.map(others));
  });
});
