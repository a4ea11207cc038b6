import { authorized } from '../gateway-process.js';
import { pagesOf, resourceLists } from '../inventory-client.js';
import type { Case } from './case.js';

// More than the gateway remembers: neither URLs nor answers are found again.
const different = 25_000;

/** Racks of a pool, three at a time, so that there are as many different filters as are needed and each finds 100. */
export const indexedFilter: Case = {
  name: 'filter on an indexed attribute, 100 rows, a different value each time',
  target: 0.4,
  gate: 0.05,
  async asks(url) {
    const lists = await resourceLists(url);
    const choices = await Promise.all(lists.map(async (list) => threeOf(list, [...(await racksOf(url, list))])));
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

/** How many resources stand in each rack. */
async function racksOf(url: string, list: string): Promise<ReadonlyMap<string, number>> {
  const racks = new Map<string, number>();
  const pages = await pagesOf(url, list);
  for (const { groups } of pages.flatMap(({ resources }) => resources)) {
    const rack = groups[0]!;
    racks.set(rack, (racks.get(rack) ?? 0) + 1);
  }
  return racks;
}

/** All choices of three that hold 100 together, each said in three ways: what is asked is the same, the URL is not. */
function* threeOf(list: string, racks: readonly (readonly [string, number])[]): Generator<string> {
  for (const [first, [one, some]] of racks.entries())
    for (const [second, [other, more]] of racks.slice(first + 1).entries())
      for (const [third, rest] of racks.slice(first + second + 2)) {
        if (some + more + rest < 100) continue;
        yield `${list}?filter=(in,groups,${one},${other},${third})`;
        yield `${list}?filter=(in,groups,${other},${third},${one})`;
        yield `${list}?filter=(in,groups,${third},${one},${other})`;
      }
}
