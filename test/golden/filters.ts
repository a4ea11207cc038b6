/**
 * Filters that must be answered (3.1). Each is a text and, in plain JavaScript, what it keeps of the unfiltered
 * `all_fields` list; values come from that list, so that the expectations hold for any data.
 */

import type { ListName } from './attributes.js';
import type { Row } from './client.js';
import { isObject } from './kinds.js';

export interface Expectation {
  /** One text, or one for each repetition of the parameter. */
  readonly filter: string | readonly string[];
  /** Undefined where the contract does not say what becomes of this object. */
  keeps(row: Row): boolean | undefined;
  /** The data prove that something is kept, or that nothing is. */
  readonly proves?: 'some' | 'none';
}

export interface FilterCase {
  readonly title: string;
  readonly list: ListName;
  expect(live: readonly Row[]): Expectation;
}

/** Quotes a value: needed when it has , ) ' ; inside, and allowed always. */
export const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** Order of strings by code point, which is the order of their UTF-8 bytes. */
export const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export const text = (row: Row, name: string): string => {
  const value = row[name];
  return typeof value === 'string' ? value : '';
};

/** The strings of an array attribute; none when it is absent. */
export const items = (row: Row, name: string): readonly string[] => {
  const value = row[name];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
};

/** The objects of an array attribute; none when it is absent. */
export const objects = (row: Row, name: string): readonly Row[] => {
  const value = row[name];
  return Array.isArray(value) ? value.filter((item) => isObject(item)) : [];
};

export const map = (row: Row, name: string): Row => {
  const value = row[name];
  return isObject(value) ? value : {};
};

/** One attribute of every object, in order of code points and each value once. */
const sorted = (live: readonly Row[], name: string): string[] =>
  [...new Set(live.map((row) => text(row, name)))].sort(byCodePoint);

const pools = (title: string, expect: FilterCase['expect']): FilterCase => ({ title, list: 'resourcePools', expect });
const id = (row: Row): string => text(row, 'resourcePoolId');

/** Values of three pools in order, the first and the last being the extremes. */
function three(live: readonly Row[], name = 'resourcePoolId'): readonly [string, string, string] {
  const values = sorted(live, name);
  const [first, second, last] = [values[0], values[1], values.at(-1)];
  if (first === undefined || second === undefined || last === undefined || values.length < 3) {
    throw new Error(`three values of ${name} are needed, there are ${values.length}`);
  }
  return [first, second, last];
}

const middle = (value: string): string => value.slice(Math.floor(value.length / 4), Math.ceil(value.length / 2));

const swapCase = (value: string): string =>
  value.replace(/[a-z]/gi, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()));

export const operators: readonly FilterCase[] = [
  pools('eq', (live) => {
    const [a] = three(live);
    return { filter: `(eq,resourcePoolId,${a})`, keeps: (row) => id(row) === a, proves: 'some' };
  }),
  pools('eq with a value that nothing has', () => ({
    filter: '(eq,name,no-such-pool)',
    keeps: (row) => text(row, 'name') === 'no-such-pool',
  })),
  pools('eq takes the whole value', (live) => {
    const [a] = three(live);
    return { filter: `(eq,resourcePoolId,${a.slice(0, -1)})`, keeps: () => false, proves: 'none' };
  }),
  pools('neq', (live) => {
    const [a] = three(live);
    return { filter: `(neq,resourcePoolId,${a})`, keeps: (row) => id(row) !== a, proves: 'some' };
  }),
  pools('in with one value', (live) => {
    const [a] = three(live);
    return { filter: `(in,resourcePoolId,${a})`, keeps: (row) => id(row) === a, proves: 'some' };
  }),
  pools('in with several values', (live) => {
    const [a, , c] = three(live);
    const filter = `(in,resourcePoolId,${a},none,${c})`;
    return { filter, keeps: (row) => id(row) === a || id(row) === c, proves: 'some' };
  }),
  pools('nin with several values', (live) => {
    const [a, , c] = three(live);
    const filter = `(nin,resourcePoolId,${a},${c})`;
    return { filter, keeps: (row) => id(row) !== a && id(row) !== c, proves: 'some' };
  }),
  pools('gt', (live) => {
    const [a] = three(live);
    return { filter: `(gt,resourcePoolId,${a})`, keeps: (row) => byCodePoint(id(row), a) > 0, proves: 'some' };
  }),
  pools('gte', (live) => {
    const [, b] = three(live);
    return { filter: `(gte,resourcePoolId,${b})`, keeps: (row) => byCodePoint(id(row), b) >= 0, proves: 'some' };
  }),
  pools('lt', (live) => {
    const [, , c] = three(live);
    return { filter: `(lt,resourcePoolId,${c})`, keeps: (row) => byCodePoint(id(row), c) < 0, proves: 'some' };
  }),
  pools('lte', (live) => {
    const [, b] = three(live);
    return { filter: `(lte,resourcePoolId,${b})`, keeps: (row) => byCodePoint(id(row), b) <= 0, proves: 'some' };
  }),
  pools('gt of the greatest value', (live) => {
    const [, , c] = three(live);
    return { filter: `(gt,resourcePoolId,${c})`, keeps: () => false, proves: 'none' };
  }),
  pools('order of names', (live) => {
    const a = sorted(live, 'name')[0] ?? '';
    return {
      filter: `(gte,name,${quoted(a)})`,
      keeps: (row) => byCodePoint(text(row, 'name'), a) >= 0,
      proves: 'some',
    };
  }),
  {
    title: 'order is by code point: every letter of a UUID comes after Z, no digit does',
    list: 'resources',
    expect: () => ({
      filter: '(gt,resourceId,Z)',
      keeps: (row) => /^[a-f]/.test(text(row, 'resourceId')),
      proves: 'some',
    }),
  },
  pools('cont', (live) => {
    const part = middle(text(live[0] ?? {}, 'name'));
    const keeps = (row: Row): boolean => text(row, 'name').includes(part);
    return { filter: `(cont,name,${quoted(part)})`, keeps, proves: 'some' };
  }),
  pools('cont with several values', (live) => {
    const part = middle(text(live[0] ?? {}, 'description'));
    const keeps = (row: Row): boolean => text(row, 'description').includes(part);
    return { filter: `(cont,description,no such text,${quoted(part)})`, keeps, proves: 'some' };
  }),
  pools('cont takes the text as it is, case included', (live) => {
    const part = swapCase(middle(text(live[0] ?? {}, 'name')));
    return { filter: `(cont,name,${quoted(part)})`, keeps: (row) => text(row, 'name').includes(part) };
  }),
  pools('ncont', (live) => {
    const [a] = three(live);
    return { filter: `(ncont,resourcePoolId,${a})`, keeps: (row) => !id(row).includes(a), proves: 'some' };
  }),
  pools('ncont with several values', (live) => {
    const [a, b] = three(live);
    const keeps = (row: Row): boolean => !id(row).includes(a) && !id(row).includes(b);
    return { filter: `(ncont,resourcePoolId,${a},${b})`, keeps, proves: 'some' };
  }),
];

/** The examples of 3.1 that are of the inventory, word for word. */
export const examples: readonly FilterCase[] = [
  {
    title: '(eq,name,pserver)',
    list: 'resourceTypes',
    expect: () => ({ filter: '(eq,name,pserver)', keeps: (row) => row['name'] === 'pserver' }),
  },
  {
    title: '(neq,resourceTypeId,…)',
    list: 'resourceTypes',
    expect: () => ({
      filter: '(neq,resourceTypeId,2a67f440-9232-5589-bf6b-ea97be9c6a38)',
      keeps: (row) => row['resourceTypeId'] !== '2a67f440-9232-5589-bf6b-ea97be9c6a38',
      proves: 'some',
    }),
  },
  {
    title: '(in,resourceClass,COMPUTE,STORAGE);(cont,vendor,Dell)',
    list: 'resourceTypes',
    expect: () => ({
      filter: '(in,resourceClass,COMPUTE,STORAGE);(cont,vendor,Dell)',
      keeps: (row) =>
        ['COMPUTE', 'STORAGE'].includes(text(row, 'resourceClass')) && text(row, 'vendor').includes('Dell'),
    }),
  },
  {
    title: `(eq,description,'rack 4, row ''B''')`,
    list: 'resources',
    expect: () => ({
      filter: `(eq,description,'rack 4, row ''B''')`,
      keeps: (row) => row['description'] === "rack 4, row 'B'",
    }),
  },
  {
    title: '(eq,extensions/country,US)',
    list: 'resources',
    expect: () => ({
      filter: '(eq,extensions/country,US)',
      keeps: (row) => map(row, 'extensions')['country'] === 'US',
    }),
  },
  {
    title: '(eq,tags,edge)',
    list: 'resources',
    expect: () => ({ filter: '(eq,tags,edge)', keeps: (row) => items(row, 'tags').includes('edge') }),
  },
];

/** AND, repetition and nothing at all. */
export const conjunctions: readonly FilterCase[] = [
  pools('expressions joined by ; must all hold', (live) => {
    const [a, b] = three(live);
    const filter = `(in,resourcePoolId,${a},${b});(neq,resourcePoolId,${a})`;
    return { filter, keeps: (row) => id(row) === b, proves: 'some' };
  }),
  pools('three expressions', (live) => {
    const [a, , c] = three(live);
    const filter = `(gte,resourcePoolId,${a});(lte,resourcePoolId,${c});(neq,resourcePoolId,${c})`;
    return { filter, keeps: (row) => id(row) !== c, proves: 'some' };
  }),
  pools('expressions that contradict each other', (live) => {
    const [a] = three(live);
    const filter = `(eq,resourcePoolId,${a});(neq,resourcePoolId,${a})`;
    return { filter, keeps: () => false, proves: 'none' };
  }),
  pools('a repeated filter is AND', (live) => {
    const [a, b] = three(live);
    const filter = [`(in,resourcePoolId,${a},${b})`, `(neq,resourcePoolId,${a})`];
    return { filter, keeps: (row) => id(row) === b, proves: 'some' };
  }),
  pools('a repeated filter that contradicts the first', (live) => {
    const [a, b] = three(live);
    return { filter: [`(eq,resourcePoolId,${a})`, `(eq,resourcePoolId,${b})`], keeps: () => false, proves: 'none' };
  }),
  pools('an empty filter is none', () => ({ filter: '', keeps: () => true, proves: 'some' })),
];
