import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { Fault } from '#schema/errors.js';
import { formatPosition } from '#schema/position.js';
import type { Caller } from '../../operations/gate.js';
import type { View } from '../../inventory/view.js';
import { costOf, priceOf, type Cost, type Costed } from './cost.js';
import { faultOf } from './errors.js';
import { looksOf, type LooksOf } from './looks.js';
import type { GraphqlRequest } from './request.js';

/** The cost depends on variables and on how much there is, so it is known only after validation. */
export function costLimit(most: number, view: View): ApolloServerPlugin<GraphqlRequest> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation({ schema, document, operation, request, contextValue }) {
          if (!operation) return Promise.resolve();
          const variables = request.variables ?? {};
          const refusal = overCost(most, view, contextValue, { schema, document, operation, variables });
          if (refusal === undefined) return Promise.resolve();
          return Promise.reject(
            new GraphQLError(refusal, { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } }),
          );
        },
      }),
  };
}

/** Why an operation is too dear; undefined when it is not. */
export function overCost(
  most: number,
  view: View,
  request: GraphqlRequest,
  costed: Omit<Costed, 'looksOf'>,
): string | undefined {
  const cost = costOf({ ...costed, looksOf: visibleLooks(view, request) });
  return priceOf(cost) <= most ? undefined : tooDear(cost, most);
}

/** How much there is of what a caller may not read is not told either, by no refusal. */
function visibleLooks(view: View, { caller, mayRead }: GraphqlRequest): LooksOf {
  const looks = looksOf(view, caller.principal.scope);
  return (object, ...of) => (mayRead(object) ? looks(object, ...of) : { page: 0, total: 0, most: 0 });
}

function tooDear(cost: Cost, most: number): string {
  const { answers, looks } = cost;
  if (looks === 0)
    return `The operation may answer with ${answers} objects; at most ${most} are allowed. Ask for shorter lists with 'first'.`;
  const sum = `${priceOf(cost)}: up to ${answers} objects to answer with, and a hundredth of ${Math.ceil(looks)} to look at`;
  return `The operation costs ${sum}; at most ${most} are allowed. Filter by indexed attributes, or ask for less at once.`;
}

/** Names the backends whose part of the answer may be missing or old. */
export const incomplete: ApolloServerPlugin<GraphqlRequest> = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse({ contextValue, response: { body } }) {
        const gaps = [...contextValue.gaps.values()];
        if (gaps.length > 0 && body.kind === 'single') {
          // Reasons are the operator's: they may hold addresses, and counts over all tenants.
          const all = contextValue.caller.principal.scope.tenant === undefined;
          const named = gaps.map(({ instance, fresh, reason }) => ({
            instance,
            ...(all ? { reason } : {}),
            ...(fresh === undefined ? {} : { fresh: new Date(fresh).toISOString() }),
          }));
          body.singleResult.extensions = { ...body.singleResult.extensions, incomplete: named };
        }
        return Promise.resolve();
      },
    }),
};

/** Names the place in the log up to which all of the answer is true; of a mutation, from which everybody sees it. */
export function position(view: View): ApolloServerPlugin<GraphqlRequest> {
  return {
    requestDidStart() {
      const began = view.position();
      return Promise.resolve({
        willSendResponse({ operation, response }) {
          const reached = operation?.operation === 'mutation' ? view.position() : began;
          response.http.headers.set('x-netweave-position', formatPosition(reached));
          return Promise.resolve();
        },
      });
    },
  };
}

/** What the gate calls INTERNAL it has shown to the operator itself. */
export function operatorSees(unforeseen: (error: unknown, caller: Caller) => void): ApolloServerPlugin<GraphqlRequest> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didEncounterErrors({ errors, contextValue }) {
          for (const error of errors) {
            if (!(error.originalError instanceof Fault) && faultOf(error)?.code === 'INTERNAL')
              unforeseen(error.originalError ?? error, contextValue.caller);
          }
          return Promise.resolve();
        },
      }),
  };
}
