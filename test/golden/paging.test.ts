import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { majors } from './attributes.js';
import { base, fill, linksOf, openGolden, rowsOf, type Golden, type Reply, type Row } from './client.js';
import {
  badMarkers,
  filterOfAll,
  foreign,
  longList,
  markerParameter,
  pageLimit,
  pageNumbers,
  relations,
  tamperings,
} from './paging.js';
import { problemFaults } from './problems.js';
import { spellings } from './routes.js';

let golden: Golden;
beforeAll(async () => {
  golden = await openGolden();
});
afterAll(() => golden.close());

const families = majors.flatMap((major) => spellings.map((spelling) => ({ prefix: base(major, spelling) })));
const id = (row: Row): string => String(row['resourceId']);
const encodedFilter = `filter=${encodeURIComponent(filterOfAll)}`;

async function pagesOf(target: string): Promise<Reply[]> {
  const pages: Reply[] = [];
  for (let next: string | undefined = target; next !== undefined;) {
    const page = await golden.send(next);
    pages.push(page);
    expect(pages.length).toBeLessThan(1000);
    const uri = linksOf(page).get('next');
    next = uri === undefined ? undefined : golden.targetOf(uri);
  }
  return pages;
}

/** The URI of the page after the first. */
async function nextOf(target: string): Promise<URL> {
  const uri = linksOf(await golden.send(target)).get('next');
  expect(uri).toBeDefined();
  return new URL(String(uri));
}

describe.each(families)('paging of $prefix', ({ prefix }) => {
  const target = (query = ''): string => prefix + fill(longList, golden.ids) + (query === '' ? '' : `?${query}`);
  const markerOf = async (): Promise<string> => String((await nextOf(target())).searchParams.get(markerParameter));
  const withMarker = (marker: string): Promise<Reply> =>
    golden.send(target(`${markerParameter}=${encodeURIComponent(marker)}`));

  test('§3.4, §0.1 the first page links an absolute URI of the same list, in the spelling asked', async () => {
    const uri = await nextOf(target());
    expect(uri.href.startsWith(golden.apiRoot + prefix)).toBe(true);
    expect(golden.apiRoot + target()).toBe(uri.origin + uri.pathname);
    expect(uri.searchParams.getAll(markerParameter)).toHaveLength(1);
    expect(uri.searchParams.get(markerParameter)).not.toBe('');
  });

  test('§3.4 no page holds more than the limit, and only the last has no next', async () => {
    const pages = await pagesOf(target());
    expect(pages.length).toBeGreaterThanOrEqual(3);
    for (const page of pages) {
      expect(rowsOf(page).length).toBeGreaterThan(0);
      expect(rowsOf(page).length).toBeLessThanOrEqual(pageLimit);
      expect([...linksOf(page).keys()].filter((relation) => !relations.includes(relation))).toEqual([]);
      expect(page.headers['x-total-count']).toBeUndefined();
    }
  });

  test('§3.4 a crawl repeats no object and loses none', async () => {
    const ids = (await golden.crawl(target())).map(id);
    expect(ids.length).toBeGreaterThanOrEqual(250);
    expect(new Set(ids).size).toBe(ids.length);
    const [pivot = ''] = ids.slice(ids.length / 2);
    const halves = [`(lt,resourceId,${pivot})`, `(gte,resourceId,${pivot})`];
    const found: string[] = [];
    for (const half of halves) found.push(...(await golden.crawl(target(`filter=${half}`))).map(id));
    expect(found.toSorted()).toEqual(ids.toSorted());
  });

  test('§1.3 an object of the last page is there by its own URI', async () => {
    const last = id(rowsOf((await pagesOf(target())).at(-1) as Reply).at(-1) ?? {});
    const reply = await golden.send(`${target()}/${last}`);
    expect([reply.status, (JSON.parse(reply.text) as Row)['resourceId']]).toEqual([200, last]);
  });

  test('§3.4 the link keeps the filter, and every page is filtered', async () => {
    const uri = await nextOf(target(encodedFilter));
    expect(uri.searchParams.getAll('filter')).toEqual([filterOfAll]);
    const all = (await golden.crawl(target())).map(id);
    expect((await golden.crawl(target(encodedFilter))).map(id).toSorted()).toEqual(all.toSorted());
    const few = all.slice(0, pageLimit + 5);
    const some = await golden.crawl(target(`filter=(in,resourceId,${few.join(',')})`));
    expect(some.map(id).toSorted()).toEqual(few.toSorted());
  });

  test('§3.2, §3.4 every page is selected as the first', async () => {
    const rows = await golden.crawl(target('exclude_fields=tags,groups'));
    expect(rows.filter((row) => 'tags' in row || 'groups' in row)).toEqual([]);
    const whole = new Map((await golden.crawl(target('all_fields'))).map((row) => [id(row), row]));
    const extensions = (row: Row | undefined): unknown => row?.['extensions'] ?? undefined;
    expect(rows.map(extensions)).toEqual(rows.map((row) => extensions(whole.get(id(row)))));
  });

  test('§3.4 a list that fits in one page has no next', async () => {
    const reply = await golden.send(`${prefix}/deploymentManagers`);
    expect(rowsOf(reply).length).toBeLessThanOrEqual(pageLimit);
    expect(linksOf(reply).has('next')).toBe(false);
  });

  test.each(pageNumbers)('§3.4 the small decimal %s as a marker is 200 with an array', async (number) => {
    const rows = rowsOf(await withMarker(number));
    expect(rows.length).toBeLessThanOrEqual(pageLimit);
    expect(Array.isArray(rowsOf(await golden.send(`${prefix}/deploymentManagers?${markerParameter}=${number}`)))).toBe(
      true,
    );
  });

  test.each(badMarkers)('§3.4 the bad marker %s is 400', async (marker) => {
    expect(problemFaults(await withMarker(marker), 400)).toEqual([]);
  });

  test.each(tamperings)('§3.4 a marker with $title is 400', async ({ change }) => {
    const marker = await markerOf();
    expect((await withMarker(marker)).status).toBe(200);
    expect(problemFaults(await withMarker(change(marker)), 400)).toEqual([]);
  });

  test.each(foreign)('§3.4 the marker of one query used for $title is 400', async ({ path, filter }) => {
    const marker = encodeURIComponent(await markerOf());
    const more = filter === undefined ? '' : `&filter=${encodeURIComponent(filter)}`;
    const reply = await golden.send(`${prefix}${fill(path, golden.ids)}?${markerParameter}=${marker}${more}`);
    expect(problemFaults(reply, 400)).toEqual([]);
  });

  test('§3.4 the marker of a filtered list used without its filter is 400', async () => {
    const marker = (await nextOf(target(encodedFilter))).searchParams.get(markerParameter);
    expect(problemFaults(await withMarker(String(marker)), 400)).toEqual([]);
  });
});
