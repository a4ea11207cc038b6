import { authorized } from '../gateway-process.js';
import { read } from '../inventory-client.js';
import type { Case } from './case.js';
import { oneResource } from './one-resource.js';

/** Of one resource: the list of a pool would no longer be the same while others change. */
export const notModified: Case = {
  name: '304',
  target: 0.8,
  async asks(url) {
    const [{ path }] = (await oneResource.asks(url)) as readonly [{ readonly path: string }];
    const { headers } = await read(url, path);
    const etag = headers[headers.indexOf('ETag') + 1]!;
    return [{ path, headers: { ...authorized, 'If-None-Match': etag } }];
  },
};
