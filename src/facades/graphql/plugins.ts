import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { Fault } from '#schema/errors.js';
import type { Caller } from '../../operations/gate.js';
import { costOf } from './cost.js';
import { faultOf } from './errors.js';
import type { GraphqlRequest } from './request.js';

/** The cost depends on variables, so it is known only after validation. */
export function costLimit(most: number): ApolloServerPlugin<GraphqlRequest> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation({ schema, document, operation, request }) {
          if (!operation) return Promise.resolve();
          const cost = costOf({ schema, document, operation, variables: request.variables ?? {} });
          if (cost <= most) return Promise.resolve();
          const message = `The operation may answer with ${cost} objects; at most ${most} are allowed. Ask for shorter lists with 'first'.`;
          return Promise.reject(
            new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } }),
          );
        },
      }),
  };
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
