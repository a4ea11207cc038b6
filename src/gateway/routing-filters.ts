import { matcherOf } from '#adapters/routing.js';
import { Fault } from '#schema/errors.js';
import type { Rule } from '../platform/config/rules.js';

/** Filters of routes are read with the vocabulary of objects, which the ring of the configuration does not know. */
export const routingFilters: Rule = {
  name: 'routes-filter-by-what-there-is',
  *check({ routing }) {
    for (const [at, route] of routing.entries())
      try {
        matcherOf(route);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        yield { path: ['routing', at, 'filter'], message: error.message };
      }
  },
};
