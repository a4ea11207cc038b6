/** Filters by quoting, nested paths, map keys, escapes, arrays, numbers and absent attributes (3.1). */

import type { ListName } from './attributes.js';
import type { Row } from './client.js';
import { byCodePoint, items, map, objects, quoted, text, type Expectation, type FilterCase } from './filters.js';

const awkward = "rack 4, row 'B'; (north)";

const pools = (title: string, expect: FilterCase['expect']): FilterCase => ({ title, list: 'resourcePools', expect });

export const quoting: readonly FilterCase[] = [
  pools('a plain value may be quoted', (live) => {
    const id = text(live[0] ?? {}, 'resourcePoolId');
    return { filter: `(eq,resourcePoolId,'${id}')`, keeps: (row) => row['resourcePoolId'] === id, proves: 'some' };
  }),
  pools('a live description, quoted', (live) => {
    const has = live.find((row) => /[,;)']/.test(text(row, 'description'))) ?? live[0] ?? {};
    const value = text(has, 'description');
    const keeps = (row: Row): boolean => row['description'] === value;
    return { filter: `(eq,description,${quoted(value)})`, keeps, proves: 'some' };
  }),
  pools(', ; ) and a doubled quote inside quotes belong to the value', () => ({
    filter: `(neq,description,${quoted(awkward)})`,
    keeps: (row) => row['description'] !== awkward,
    proves: 'some',
  })),
  pools('a comma inside quotes does not separate values', (live) => {
    const value = text(live[0] ?? {}, 'description');
    const filter = `(in,description,${quoted(`x,${value}`)},${quoted(value)})`;
    return { filter, keeps: (row) => [`x,${value}`, value].includes(text(row, 'description')), proves: 'some' };
  }),
  pools('a quoted value whose half is a live one matches nothing', (live) => {
    const value = text(live[0] ?? {}, 'resourcePoolId');
    return { filter: `(in,resourcePoolId,'none,${value}')`, keeps: () => false, proves: 'none' };
  }),
  pools('a ; inside quotes does not join expressions', () => ({
    filter: `(ncont,name,');(eq,name,x');(neq,name,'''')`,
    keeps: (row) => !text(row, 'name').includes(');(eq,name,x') && row['name'] !== "'",
    proves: 'some',
  })),
  pools('letters outside ASCII are percent-encoded UTF-8', () => ({
    filter: '(neq,name,Zürich-東京)',
    keeps: (row) => row['name'] !== 'Zürich-東京',
    proves: 'some',
  })),
];

/** A string member of a map somewhere in the data; undefined when there is none. */
function member(
  live: readonly Row[],
  name: string,
  fits: (key: string) => boolean,
): readonly [string, string] | undefined {
  for (const row of live) {
    for (const [key, value] of Object.entries(map(row, name))) {
      if (typeof value === 'string' && value !== '' && fits(key)) return [key, value];
    }
  }
  return undefined;
}

/** SOL 013 escapes of an attribute name (3.1). */
const escaped = (key: string): string =>
  key.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll(',', '~a').replaceAll('@', '~b');

const plainKey = (key: string): boolean => /^\w+$/.test(key);

function nested(list: ListName, name: string): FilterCase {
  return {
    title: `a member of ${name} of ${list}`,
    list,
    expect(live) {
      const [key, value] = member(live, name, plainKey) ?? ['country', 'US'];
      const keeps = (row: Row): boolean | undefined => ofMember(map(row, name)[key], (found) => found === value);
      return { filter: `(eq,${name}/${key},${quoted(value)})`, keeps };
    },
  };
}

/** What the contract says of strings; of a member that is no string it says nothing, and an absent one fails. */
function ofMember(value: unknown, holds: (found: string) => boolean): boolean | undefined {
  if (value === undefined || value === null) return false;
  return typeof value === 'string' ? holds(value) : undefined;
}

function escape(sign: string, escapeText: string, example: string): FilterCase {
  return {
    title: `${escapeText} stands for ${sign} in a name`,
    list: 'resources',
    expect(live) {
      const [key, value] = member(live, 'extensions', (one) => one.includes(sign)) ?? [example, 'x'];
      const keeps = (row: Row): boolean | undefined =>
        ofMember(map(row, 'extensions')[key], (found) => found === value);
      return { filter: `(eq,extensions/${escaped(key)},${quoted(value)})`, keeps };
    },
  };
}

const lists: readonly ListName[] = ['resourceTypes', 'resources', 'deploymentManagers', 'locations', 'oCloudSites'];

export const paths: readonly FilterCase[] = [
  ...lists.map((list) => nested(list, 'extensions')),
  nested('deploymentManagers', 'capabilities'),
  ...lists.map((list): FilterCase => ({
    title: `@key is a key of the extensions of ${list}`,
    list,
    expect(live) {
      const [key] = member(live, 'extensions', plainKey) ?? ['country'];
      return { filter: `(eq,extensions/@key,${key})`, keeps: (row) => Object.hasOwn(map(row, 'extensions'), key) };
    },
  })),
  escape('/', '~1', 'a/b'),
  escape('~', '~0', 'a~b'),
  escape(',', '~a', 'a,b'),
  escape('@', '~b', '@key'),
];

interface ArrayPath {
  readonly list: ListName;
  readonly path: string;
  readonly fallback: string;
  readonly of: (row: Row) => readonly string[];
  /** The cardinality begins at 1, so there is a value in the data. */
  readonly sure?: true;
}

const arrayPaths: readonly ArrayPath[] = [
  {
    list: 'deploymentManagers',
    path: 'supportedLocations',
    fallback: 'x',
    of: (row) => items(row, 'supportedLocations'),
    sure: true,
  },
  { list: 'oCloudSites', path: 'resourcePools', fallback: 'x', of: (row) => items(row, 'resourcePools'), sure: true },
  { list: 'locations', path: 'oCloudSiteIds', fallback: 'x', of: (row) => items(row, 'oCloudSiteIds') },
  { list: 'resources', path: 'tags', fallback: 'edge', of: (row) => items(row, 'tags') },
  { list: 'resources', path: 'groups', fallback: 'edge', of: (row) => items(row, 'groups') },
  {
    list: 'resources',
    path: 'elements/description',
    fallback: 'x',
    of: (row) => objects(row, 'elements').map((child) => text(child, 'description')),
  },
  {
    list: 'locations',
    path: 'civicAddress/caValue',
    fallback: 'US',
    of: (row) => objects(row, 'civicAddress').map((line) => text(line, 'caValue')),
  },
];

type Element = (item: string, value: string) => boolean;

/** An expression over an array holds if it holds for one element: by the letter for the negative operators too. */
const elementRules: readonly { readonly operator: string; readonly holds: Element; readonly negative?: true }[] = [
  { operator: 'eq', holds: (item, value) => item === value },
  { operator: 'in', holds: (item, value) => item === value },
  { operator: 'cont', holds: (item, value) => item.includes(value) },
  { operator: 'gte', holds: (item, value) => byCodePoint(item, value) >= 0 },
  { operator: 'lte', holds: (item, value) => byCodePoint(item, value) <= 0 },
  { operator: 'neq', holds: (item, value) => item !== value, negative: true },
  { operator: 'nin', holds: (item, value) => item !== value, negative: true },
  { operator: 'ncont', holds: (item, value) => !item.includes(value), negative: true },
];

export const arrays: readonly FilterCase[] = arrayPaths.flatMap(({ list, path, of, fallback, sure }) =>
  elementRules.map(({ operator, holds, negative }) => ({
    title: `${operator} over the array ${path}`,
    list,
    expect(live: readonly Row[]): Expectation {
      const value = live.flatMap((row) => of(row)).find((item) => item !== '') ?? fallback;
      const keeps = (row: Row): boolean | undefined => {
        const elements = of(row);
        // An empty array is not absent, yet no element can differ: the contract leaves this pair open.
        if (negative && elements.length === 0) return undefined;
        return elements.some((item) => holds(item, value));
      };
      const filter = `(${operator},${path},${quoted(value)})`;
      return sure && !negative ? { filter, keeps, proves: 'some' } : { filter, keeps };
    },
  })),
);

const caTypes = (row: Row): number[] => objects(row, 'civicAddress').map((line) => Number(line['caType']));

/** Comparison in the attribute's own type: as text, 10 would come before 9. */
export const numbers: readonly FilterCase[] = [
  {
    title: 'gt over integers is numeric',
    list: 'locations',
    expect: () => ({ filter: '(gt,civicAddress/caType,9)', keeps: (row) => caTypes(row).some((type) => type > 9) }),
  },
  {
    title: 'lte over integers is numeric',
    list: 'locations',
    expect: () => ({ filter: '(lte,civicAddress/caType,9)', keeps: (row) => caTypes(row).some((type) => type <= 9) }),
  },
  {
    title: 'eq over integers is numeric',
    list: 'locations',
    expect(live) {
      const value = live.flatMap((row) => caTypes(row))[0] ?? 1;
      return { filter: `(eq,civicAddress/caType,${value})`, keeps: (row) => caTypes(row).includes(value) };
    },
  },
  {
    title: 'gt over a number in capacity is numeric',
    list: 'deploymentManagers',
    expect(live) {
      const found = live.flatMap((row) => Object.entries(map(row, 'capacity')));
      const key = found.find(([name, value]) => plainKey(name) && typeof value === 'number')?.[0] ?? 'cpu';
      const keeps = (row: Row): boolean | undefined => {
        const value = map(row, 'capacity')[key];
        if (value === undefined || value === null) return false;
        return typeof value === 'number' ? value > 9 : undefined;
      };
      return { filter: `(gt,capacity/${key},9)`, keeps };
    },
  },
];

const never = 'goldenNoSuchMember';
const whenAbsent: readonly (readonly [string, boolean])[] = [
  ['eq', false],
  ['in', false],
  ['cont', false],
  ['gt', false],
  ['gte', false],
  ['lt', false],
  ['lte', false],
  ['neq', true],
  ['nin', true],
  ['ncont', true],
];

/** 3.1, Rule: absent in the object though valid in the type. */
export const absent: readonly FilterCase[] = [
  ...whenAbsent.map(([operator, kept]) =>
    pools(`${operator} of an absent member is ${kept}`, () => ({
      filter: `(${operator},extensions/${never},x)`,
      keeps: () => kept,
      proves: kept ? 'some' : 'none',
    })),
  ),
  pools('eq of an optional attribute', (live) => {
    const value = live.map((row) => text(row, 'location')).find((location) => location !== '') ?? 'x';
    return { filter: `(eq,location,${quoted(value)})`, keeps: (row) => row['location'] === value };
  }),
  pools('neq of an optional attribute', (live) => {
    const value = live.map((row) => text(row, 'location')).find((location) => location !== '') ?? 'x';
    return { filter: `(neq,location,${quoted(value)})`, keeps: (row) => row['location'] !== value };
  }),
  {
    title: 'nin of an optional attribute',
    list: 'resources',
    expect(live) {
      const value = live.map((row) => text(row, 'globalAssetId')).find((asset) => asset !== '') ?? 'x';
      const keeps = (row: Row): boolean => row['globalAssetId'] !== value;
      return { filter: `(nin,globalAssetId,${quoted(value)},none)`, keeps };
    },
  },
];
