import { authorized } from '../gateway-process.js';
import { pagesOf, resourceLists } from '../inventory-client.js';
import type { Case } from './case.js';

// More than the gateway remembers: neither URLs nor answers are found again.
const different = 50_000;

/** Of a resource's groups, the one that is its rack. */
const rack = 0;

/** Each group that marks at least 100 resources of a pool (what hangs on one power feed), in turn. */
export const indexedFilter: Case = {
  name: 'filter on an indexed attribute, 100 rows, a different value each time',
  target: 0.4,
  asks: async (url) => (await filtersOf(url)).map((path) => ({ path, headers: authorized })),
};

/** The same when nothing was ever asked for before; a parameter that means nothing makes every URL new. */
export const firstFilter: Case = {
  name: 'the same filters, every URL new',
  async asks(url) {
    const filters = await filtersOf(url);
    return Array.from({ length: different }, (_, index) => {
      return { path: `${filters[index % filters.length]!}&new=${index}`, headers: authorized };
    });
  },
};

async function filtersOf(url: string): Promise<readonly string[]> {
  const filters: string[] = [];
  for (const list of await resourceLists(url))
    for (const [group, some] of await groupsOf(url, list))
      if (some >= 100) filters.push(`${list}?filter=(eq,groups,${group})`);
  if (filters.length < 20) throw new Error(`Only ${filters.length} filters find 100 resources.`);
  return filters;
}

/** Racks of a pool, three at a time: so many posting lists are merged, and no two filters ask for the same. */
export const threeRacks: Case = {
  name: 'three values of an indexed attribute merged, 100 rows, all filters different',
  async asks(url) {
    const lists = await resourceLists(url);
    const choices = await Promise.all(lists.map(async (list) => threeOf(list, [...(await groupsOf(url, list, rack))])));
    const paths: string[] = [];
    for (let open = choices; open.length > 0 && paths.length < different;) {
      open = open.filter((choice) => {
        const { done, value } = choice.next();
        if (done !== true) paths.push(value);
        return done !== true;
      });
    }
    if (paths.length < different) throw new Error(`Only ${paths.length} filters find 100 resources.`);
    return paths.map((path) => ({ path, headers: authorized }));
  },
};

/** How many resources of a list are in each group: of `which`, or of any. */
async function groupsOf(url: string, list: string, which?: number): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { resources } of await pagesOf(url, list))
    for (const { groups } of resources)
      for (const group of which === undefined ? groups : [groups[which]!])
        counts.set(group, (counts.get(group) ?? 0) + 1);
  return counts;
}

/** All choices of three that hold 100 together, each said in six ways: what is asked is the same, the URL is not. */
function* threeOf(list: string, racks: readonly (readonly [string, number])[]): Generator<string> {
  for (const [first, [one, some]] of racks.entries())
    for (const [second, [other, more]] of racks.slice(first + 1).entries())
      for (const [third, rest] of racks.slice(first + second + 2)) {
        if (some + more + rest < 100) continue;
        for (const values of [
          [one, other, third],
          [one, third, other],
          [other, one, third],
          [other, third, one],
          [third, one, other],
          [third, other, one],
        ])
          yield `${list}?filter=(in,groups,${values.join(',')})`;
      }
}
