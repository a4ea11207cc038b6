import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError, type DocumentNode, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import type { View } from '../../inventory/view.js';
import { mostListed } from '../../operations/standard.js';
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

export function dearerThan(most: number, view: View, schema: GraphQLSchema): Dearer {
  return (priced, request) => {
    const cost = costOf({ ...priced, schema, looksOf: visibleLooks(view, request) });
    return priceOf(cost) > most ? cost : undefined;
  };
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
