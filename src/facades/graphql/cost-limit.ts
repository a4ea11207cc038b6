import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError, type DocumentNode, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { Fault } from '#schema/errors.js';
import type { Principal } from '../../access/principal.js';
import type { View } from '../../inventory/view.js';
import { mostListed } from '../../operations/standard.js';
import { Parts } from '../live/parts.js';
import { costOf, priceOf, type Cost } from './cost.js';
import { looksOf, type LooksOf } from './looks.js';
import type { GraphqlRequest } from './request.js';

interface Priced {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** As they were sent. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What an operation costs, if it is more than is allowed. It depends on variables and on how much there is. */
export type Dearer = (priced: Priced, request: GraphqlRequest) => Cost | undefined;

/** What an operation costs. */
export type Costing = (priced: Priced, request: GraphqlRequest) => Cost;

export function costing(view: View, schema: GraphQLSchema): Costing {
  return (priced, request) => costOf({ ...priced, schema, looksOf: visibleLooks(view, request) });
}

export function dearerThan(most: number, view: View, schema: GraphQLSchema): Dearer {
  const costIn = costing(view, schema);
  return (priced, request) => {
    const cost = costIn(priced, request);
    return priceOf(cost) > most ? cost : undefined;
  };
}

/** Counts a stream for as long as it is open; answers how to forget it. Throws RATE_LIMITED. */
export type Spend = (principal: Principal, words: string, price: number) => () => void;

/** Of `limits.graphql.cost`: what each event may cost that a principal, and all of a tenant, are told. */
const [ofPrincipal, ofTenant] = [4, 8];

/**
 * A stream is executed with each event, though it is asked for once: what those of a principal cost together is bounded. Who are
 * told one text, made once, count once.
 */
export function spending(cost: number): Spend {
  const [principals, tenants] = [new Parts(), new Parts()];
  return ({ name, scope: { tenant } }, words, price) => {
    const bounds = [
      { parts: principals, who: name, most: ofPrincipal * cost, whose: 'Your' },
      ...(tenant === undefined
        ? []
        : [{ parts: tenants, who: tenant, most: ofTenant * cost, whose: 'All of your tenant’s' }]),
    ];
    for (const { parts, who, most, whose } of bounds)
      if (parts.wouldPass(most, who, words, price)) throw tooDearTogether(whose, most, price);
    for (const { parts, who } of bounds) parts.join(who, words, price);
    return () => {
      for (const { parts, who } of bounds) parts.leave(who, words);
    };
  };
}

function tooDearTogether(whose: string, most: number, price: number): Fault {
  return new Fault(
    'RATE_LIMITED',
    `${whose} subscriptions that differ would cost more than ${most} together with this one, which costs ${price} ` +
      '(a multiple of limits.graphql.cost). End some, or ask for less.',
    { retryAfter: 30 },
  );
}

/** Refuses what costs too much, which is known only after validation. */
export function costLimit(most: number, dearer: Dearer): ApolloServerPlugin<GraphqlRequest> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation({ document, operation, request, contextValue }) {
          const cost = operation && dearer({ document, operation, variables: request.variables ?? {} }, contextValue);
          if (!cost) return Promise.resolve();
          return Promise.reject(
            new GraphQLError(tooDear(cost, most), { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } }),
          );
        },
      }),
  };
}

/** How much there is of what a caller may not read is not told either, by no refusal. */
function visibleLooks(view: View, { caller, mayRead }: GraphqlRequest): LooksOf {
  const looks = looksOf(view, caller.principal.scope);
  return (object, ...of) => (mayRead(object) ? looks(object, ...of) : { page: 0, total: 0, most: 0 });
}

export function tooDear(cost: Cost, most: number): string {
  const { answers, looks, longest } = cost;
  if (longest > mostListed)
    return `'first' must be at most ${mostListed}, was ${longest}; the next page begins 'after' the endCursor of one.`;
  if (looks === 0)
    return `The operation may answer with ${answers} objects; at most ${most} are allowed. Ask for shorter lists with 'first'.`;
  const sum = `${priceOf(cost)}: up to ${answers} objects to answer with, and a hundredth of ${Math.ceil(looks)} to look at`;
  return `The operation costs ${sum}; at most ${most} are allowed. Filter by indexed attributes, or ask for less at once.`;
}
