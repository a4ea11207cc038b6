import { authorized } from '../gateway-process.js';
import type { Ask } from '../wrk.js';
import type { Case } from './case.js';

const nodes = 'nodes { resourcePoolId name description oCloudSiteId resourceCount }';

const asking = (body: object): Ask => ({
  path: '/graphql',
  method: 'POST',
  headers: { ...authorized, 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});

export const graphql: Case = {
  name: 'GraphQL: 100 pools x 5 fields with counts, repeated',
  asks: () => Promise.resolve([asking({ query: `{ resourcePools(first: 100) { ${nodes} } }` })]),
};

const filtered = `query ($filter: String) { resourcePools(first: 100, filter: $filter) { ${nodes} } }`;

/** More than a run asks for. */
const different = 50_000;

export const firstGraphql: Case = {
  name: 'the same, no two alike',
  asks: () =>
    Promise.resolve(
      Array.from({ length: different }, (_, n) =>
        asking({ query: filtered, variables: { filter: `(neq,name,no-${n})` } }),
      ),
    ),
};
