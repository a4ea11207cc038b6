import { authorized } from '../gateway-process.js';
import { pagesOf, resourceLists } from '../inventory-client.js';
import type { Case } from './case.js';

export const oneResource: Case = {
  name: 'one resource, repeated',
  target: 0.8,
  async asks(url) {
    const [list] = await resourceLists(url);
    const [page] = await pagesOf(url, list!);
    return [{ path: `${list!}/${page!.resources[0]!.resourceId}`, headers: authorized }];
  },
};
