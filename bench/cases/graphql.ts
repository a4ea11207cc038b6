import { authorized } from '../gateway-process.js';
import type { Case } from './case.js';

const query = `{ resourcePools(first: 100) { nodes { resourcePoolId name description oCloudSiteId resourceCount } } }`;

export const graphql: Case = {
  name: 'GraphQL: 100 pools x 5 fields with counts',
  asks: () =>
    Promise.resolve([
      {
        path: '/graphql',
        method: 'POST',
        headers: { ...authorized, 'Content-Type': 'application/json' },
        body: JSON.stringify({ query }),
      },
    ]),
};
