import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Filter } from '#schema/filter/ast.js';
import { compileFilter } from '#schema/filter/compile.js';
import { objects } from '#schema/objects.js';
import { sees, type Scope } from '#schema/scope.js';
import { openEmbeddedStore } from '#platform/store/embedded/embedded-store.js';
import type { Store } from '#platform/store/store.js';
import { Columns } from './columns.js';
import { compareKeys, keyOf, type Order, type Place } from './order.js';
import { rowsOf } from './page.js';
import { count, page, type ListQuery } from './query.js';
import type { Row } from './row.js';
import { entry, everything, scopeOf, write } from './testing/rows.js';
import { few, scanTurns, type ScanTurns } from './scan-turns.js';
import { openView, type View } from './view.js';
import { ViewState } from './view-state.js';

const population = 6000;
const pool = (number: number) => `aaaaaaaa-0000-4000-8000-${String(number).padStart(12, '0')}`;
const idOf = (number: number) => `${((number * 2654435761) % 4294967296).toString(16).padStart(8, '0')}-${number}`;

function valueOf(number: number, marked = '') {
  return {
    resourceId: idOf(number),
    resourcePoolId: pool(number % 7),
    resourceTypeId: `type-${number % 3}`,
    ...(number % 4 === 0 ? { globalAssetId: `asset-${number}` } : {}),
    description: `number ${number}${marked}`,
    tags: [`t${number % 5}`, `u${number % 11}`],
    groups: number % 2 === 0 ? ['even'] : [],
    elements: [],
    extensions: { rank: number % 13, word: number % 9 === 0 ? number : `w${number % 17}` },
  };
}

let store: Store;
let view: View;
let all: readonly Row[];

beforeAll(async () => {
  store = await openEmbeddedStore({ memory: true });
  const numbers = Array.from({ length: population }, (_, number) => number);
  const tenants = [null, 'red', null, 'blue', 'rare'];
  const tenantOf = (number: number) => (number % 50 === 7 ? 'rare' : tenants[number % 4]!);
  await write(
    store,
    numbers.map((number) => entry(idOf(number), valueOf(number), { tenant: tenantOf(number) })),
  );
  view = await openView(store, (_message, error) => {
    throw error;
  });
  all = view
    .kind('Resource')
    .all.visible(everything)
    .flatMap((list) => [...rowsOf([...list.runs(undefined)])]);
});
afterAll(async () => {
  view.stop();
  await store.close();
});

const eq = (attribute: string, ...values: string[]): Filter => ({ operator: 'in', path: [attribute], values });
const filters = fc.oneof(
  fc.constant(undefined),
  fc
    .nat(8)
    .map((number): Filter => ({ operator: 'eq', path: ['resourcePoolId'], values: [pool(number).toUpperCase()] })),
  fc.subarray(['t0', 't1', 'u3', 'u4', 'none'], { minLength: 1 }).map((tags) => eq('tags', ...tags)),
  fc
    .nat(population)
    .map((number): Filter => ({ operator: 'eq', path: ['globalAssetId'], values: [`asset-${number}`] })),
  fc.nat(14).map((rank): Filter => ({ operator: 'gte', path: ['extensions', 'rank'], values: [`${rank}`] })),
  fc.nat(999).map((number): Filter => ({ operator: 'cont', path: ['description'], values: [`${number}`] })),
  fc.constant<Filter>({ operator: 'neq', path: ['globalAssetId'], values: ['asset-8'] }),
  fc.nat(10).map((number): Filter => ({
    all: [
      eq('tags', `u${number}`),
      eq('groups', 'even'),
      { operator: 'lt', path: ['extensions', 'rank'], values: ['5'] },
    ],
  })),
  fc.nat(4).map((number): Filter => ({ any: [eq('tags', `t${number}`), eq('resourceTypeId', 'type-1')] })),
);
const orders = fc.option(
  fc.record({
    path: fc.constantFrom(['description'], ['extensions', 'rank'], ['extensions', 'word'], ['globalAssetId']),
    descending: fc.boolean(),
  }),
  { nil: undefined },
);
const scopes = fc.constantFrom<Scope[]>(everything, scopeOf('red'), scopeOf('rare'), scopeOf('nobody'));
const queries = fc.record({
  filter: filters,
  order: orders,
  parent: fc.option(fc.nat(8).map(pool), { nil: undefined }),
  limit: fc.integer({ min: 1, max: 1000 }),
});
type Asked = typeof queries extends fc.Arbitrary<infer T> ? T : never;

function queryOf({ filter, order, parent, limit }: Asked): ListQuery {
  return {
    object: 'Resource',
    limit,
    ...(filter && { filter }),
    ...(order && { order }),
    ...(parent !== undefined && { parent }),
  };
}

/** The same, the plain way. */
function expected(scope: Scope, { filter, order, parent }: Asked): readonly string[] {
  const test = filter ? compileFilter(objects.Resource, filter) : () => true;
  const found = all.filter(
    ({ tenant, value }) =>
      sees(scope, tenant) && (parent === undefined || value['resourcePoolId'] === parent) && test(value),
  );
  return (order ? [...found].sort((a, b) => compare(a, b, order)) : found).map(({ id }) => id);
}

function compare(a: Row, b: Row, order: Order): number {
  const sign = order.descending ? -1 : 1;
  return sign * compareKeys(keyOf(a, order), keyOf(b, order)) || (a.id < b.id ? -1 : 1);
}

/** All pages, one behind the other. */
async function crawl(view: View, scope: Scope, query: ListQuery): Promise<string[]> {
  const ids: string[] = [];
  for (let after: Place | undefined; ;) {
    const found = await page(view, scope, { ...query, ...(after && { after }) });
    const rows = [...rowsOf(found.runs)];
    expect(rows.length).toBeLessThanOrEqual(query.limit);
    if (found.next) expect(rows).toHaveLength(query.limit);
    ids.push(...rows.map(({ id }) => id));
    if (!found.next) return ids;
    after = found.next;
  }
}

describe('a query', () => {
  test.each([
    ['before filters have their indexes', false],
    ['when they have them', true],
  ])('finds what the plain way finds, page by page, and counts it: %s', async (_when, settled) => {
    const state = new ViewState(store);
    await state.load();
    if (settled) await state.settle(() => false);
    const view = { turns: scanTurns(), kind: (object: string) => state.kind(object) } as View;
    expect(view.kind('Resource').posts('tags')).toBe(settled);
    const property = fc.asyncProperty(scopes, queries, async (scope, asked) => {
      const query = queryOf({ ...asked, limit: Math.max(asked.limit, asked.order ? 400 : 50) });
      const found = expected(scope, asked);
      expect(await crawl(view, scope, query)).toEqual(found);
      expect(await count(view, scope, query)).toBe(found.length);
    });
    await fc.assert(property, { numRuns: 100 });
  });

  test('goes on where a page ended though objects before, at and behind that place come and go', async () => {
    const query: ListQuery = {
      object: 'Resource',
      limit: 700,
      filter: { operator: 'cont', path: ['description'], values: ['number'] },
    };
    const before = expected(everything, { ...query, filter: query.filter, order: undefined, parent: undefined });
    const first = await page(view, everything, query);
    const place = first.next!;
    const [gone, kept] = [before.slice(0, 5).concat(place.id, before.slice(800, 805)), before[900]!];
    const rows = new Map(all.map((each) => [each.id, each]));
    await write(
      store,
      gone.map((id) => entry(id, undefined, { tenant: rows.get(id)!.tenant })),
    );
    await write(store, [entry('zzz', valueOf(1))]);
    await view.reached(await store.head());
    const rest = [...rowsOf((await page(view, everything, { ...query, after: place, limit: 1000 })).runs)].map(
      ({ id }) => id,
    );
    const behind = before.filter((id) => id > place.id && !gone.includes(id));
    expect(rest).toEqual(behind.slice(0, 1000));
    expect(rest).toContain(kept);
    await write(
      store,
      gone.map((id) => entry(id, rows.get(id)!.value, { tenant: rows.get(id)!.tenant })),
    );
    await write(store, [entry('zzz', undefined)]);
    await view.reached(await store.head());
  });

  test('that looks at rows one of which takes a millisecond leaves the others a turn every few rows', async () => {
    const filter: Filter = { operator: 'cont', path: ['description'], values: ['nowhere'] };
    const slow = { ...view, kind: (object: string) => slowed(view.kind(object), 60, 1) } as View;
    let turns = 0;
    let done = false;
    const counted = count(slow, everything, { object: 'Resource', filter }).finally(() => (done = true));
    for (; !done; turns += 1) await nextTurn();
    expect(await counted).toBe(0);
    expect(turns).toBeGreaterThan(15);
  });

  test('says how much it compares before it begins, whatever its rows: with many substrings the few have few rows', async () => {
    const turns = scanTurns();
    const asked: number[] = [];
    const begin: ScanTurns['begin'] = (comparisons, waiter) => {
      asked.push(comparisons);
      return turns.begin(comparisons, waiter);
    };
    const weighed = { turns: { begin }, kind: (object: string) => view.kind(object) } as View;
    const values = Array.from({ length: 100 }, (_, index) => `nowhere ${index}`);
    const filter: Filter = { operator: 'cont', path: ['description'], values };
    await page(weighed, everything, { object: 'Resource', limit: 10, filter });
    expect(asked).toEqual([few, (2000 - few / 100) * 100, view.kind('Resource').unordered.length * 100]);
  });

  test('that nobody waits for any more ends', async () => {
    const filter: Filter = { operator: 'cont', path: ['description'], values: ['nowhere'] };
    const left = new AbortController();
    const slow = { ...view, kind: (object: string) => slowed(view.kind(object)) } as View;
    const counted = count(slow, everything, { object: 'Resource', filter }, left);
    await nextTurn();
    left.abort(new Error('The client left.'));
    await expect(counted).rejects.toThrow('The client left.');
  });
});

/** Rows that take so long to look at, as those that are not parsed, that the scan needs more than one turn. */
function slowed(kind: ReturnType<View['kind']>, most = Infinity, milliseconds = 0.05): ReturnType<View['kind']> {
  let looked = 0;
  const wait = () => {
    looked += 1;
    if (looked > most) return;
    for (const end = performance.now() + milliseconds; performance.now() < end;);
  };
  const slow = (row: Row): Row => ({
    ...row,
    json: '',
    get value() {
      wait();
      return row.value;
    },
  });
  const unordered = kind.unordered.map((row) => row && slow(row));
  const { definition, all: list, size } = kind;
  return { definition, all: list, size, unordered, columns: new Columns(unordered) } as unknown as typeof kind;
}

test('blocks of rows whose texts cannot match are left out, but not for a tenant', async () => {
  const filter: Filter = { operator: 'cont', path: ['description'], values: ['number 5999'] };
  let asked = 0;
  const counting = ({ definition, all: list, size, unordered }: ReturnType<View['kind']>) => {
    const columns = {
      rulesOut: (tests: readonly unknown[]) => tests.length > 0 && (asked += 1) > 1,
      passing: () => [],
    };
    return { definition, all: list, size, unordered, columns } as unknown as ReturnType<View['kind']>;
  };
  const watched = { ...view, kind: (object: string) => counting(view.kind(object)) } as View;
  expect(await count(watched, everything, { object: 'Resource', filter })).toBe(0);
  expect(asked).toBe(Math.ceil(population / 256));
  await count(watched, scopeOf('red'), { object: 'Resource', filter });
  expect(asked).toBe(Math.ceil(population / 256));
});

describe('keys of an order', () => {
  const keys = fc.oneof(fc.constant(null), fc.integer(), fc.double({ noNaN: true }), fc.string());

  test('have one order whatever they are: numbers, texts, nothing', () => {
    const property = fc.property(fc.array(keys, { maxLength: 30 }), (given) => {
      const sorted = [...given].sort(compareKeys);
      for (let at = 1; at < sorted.length; at += 1)
        expect(compareKeys(sorted[at - 1]!, sorted[at]!)).toBeLessThanOrEqual(0);
      expect(sorted.map((key) => (key === null ? 2 : typeof key === 'string' ? 1 : 0))).toEqual(
        [...sorted.map((key) => (key === null ? 2 : typeof key === 'string' ? 1 : 0))].sort(),
      );
    });
    fc.assert(property);
  });

  test('are the first 256 characters of a text, and nothing for what is no attribute', () => {
    const long = { id: 'x', value: { description: 'y'.repeat(1000), tags: ['t'], extensions: {} } } as unknown as Row;
    expect(keyOf(long, { path: ['description'], descending: false })).toHaveLength(256);
    for (const path of [
      ['tags'],
      ['constructor'],
      ['extensions', '__proto__'],
      ['extensions', 'toString', 'name'],
      ['nothing'],
    ]) {
      expect(keyOf(long, { path, descending: false })).toBeNull();
    }
  });
});

test('scans wait for each other, and one principal has no more than 64 under way', async () => {
  const filter: Filter = { operator: 'cont', path: ['extensions', 'word'], values: ['nobody says this'] };
  const waiter = { signal: new AbortController().signal, principal: { name: 'busy', scope: everything } };
  const search = () => page(view, everything, { object: 'Resource', filter, limit: 1 }, waiter);
  const searches = await Promise.allSettled(Array.from({ length: 200 }, search));
  const refused = searches.filter(({ status }) => status === 'rejected');
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThanOrEqual(200 - 64);
  for (const { reason } of refused as PromiseRejectedResult[]) expect(reason).toMatchObject({ code: 'UNAVAILABLE' });
  expect(await search()).toEqual({ runs: [] });
});
