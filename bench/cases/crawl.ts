import { authorized } from '../gateway-process.js';
import { pagesOf, resourceLists } from '../inventory-client.js';
import type { Case } from './case.js';

async function everyPage(url: string): Promise<readonly string[]> {
  const lists = await resourceLists(url);
  const pages = await Promise.all(lists.map((list) => pagesOf(url, list)));
  return pages.flat().map(({ path }) => path);
}

export const crawl: Case = {
  name: 'a crawl: every page of 100 in turn',
  target: 0.65,
  asks: async (url) => (await everyPage(url)).map((path) => ({ path, headers: authorized })),
};

// More than the gateway remembers: neither URLs nor answers are found again.
const forgotten = 50_000;

/** The same when no page was ever asked for before; a parameter that means nothing makes every URL new. */
export const firstCrawl: Case = {
  name: 'a crawl whose every URL is new',
  async asks(url) {
    const pages = await everyPage(url);
    return Array.from({ length: forgotten }, (_, index) => {
      const path = pages[index % pages.length]!;
      return { path: `${path}${path.includes('?') ? '&' : '?'}new=${index}`, headers: authorized };
    });
  },
};
