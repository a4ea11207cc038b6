import type { GraphqlRequest } from './request.js';

/** A backend whose part of an answer may be missing or old. */
export interface Incomplete {
  readonly instance: string;
  readonly reason?: string;
  /** Until when the part is known to be true: ISO 8601. */
  readonly fresh?: string;
}

/** What is to be said in `extensions.incomplete` of the answer to a request; undefined when nothing is. */
export function incompleteIn({ gaps, caller }: GraphqlRequest): readonly Incomplete[] | undefined {
  if (gaps.size === 0) return undefined;
  // Reasons are the operator's: they may hold addresses, and counts over all tenants.
  const all = caller.principal.scope.tenant === undefined;
  return [...gaps.values()].map(({ instance, fresh, reason }) => ({
    instance,
    ...(all ? { reason } : {}),
    ...(fresh === undefined ? {} : { fresh: new Date(fresh).toISOString() }),
  }));
}
