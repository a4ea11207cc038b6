import { authorized } from '../gateway-process.js';
import { resourceLists } from '../inventory-client.js';
import type { Case } from './case.js';

export const page: Case = {
  name: 'page of 100, repeated',
  target: 0.8,
  async asks(url) {
    const [list] = await resourceLists(url);
    return [{ path: list!, headers: authorized }];
  },
};
