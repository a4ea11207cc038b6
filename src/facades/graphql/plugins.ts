import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { formatPosition } from '#schema/position.js';
import type { Caller } from '../../operations/gate.js';
import { unforeseenIn } from './errors.js';
import { incompleteIn } from './incomplete.js';
import { positionHeader } from '../answer-headers.js';
import type { GraphqlRequest } from './request.js';

/** Names the backends whose part of the answer may be missing or old. */
export const incomplete: ApolloServerPlugin<GraphqlRequest> = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse({ contextValue, response: { body } }) {
        const named = incompleteIn(contextValue);
        if (named && body.kind === 'single')
          body.singleResult.extensions = { ...body.singleResult.extensions, incomplete: named };
        return Promise.resolve();
      },
    }),
};

/** Names the place in the log up to which all of the answer is true; of a mutation, from which everybody sees it. */
export const position: ApolloServerPlugin<GraphqlRequest> = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse({ operation, response, contextValue: { began, view } }) {
        const reached = operation?.operation === 'mutation' ? view.position() : began;
        response.http.headers.set(positionHeader, formatPosition(reached));
        return Promise.resolve();
      },
    }),
};

const elsewhere =
  'A subscription is told over a WebSocket to /graphql (graphql-transport-ws), not in one answer; /events tells changes over HTTP.';

/** Refuses a subscription where one answer is expected. */
export const streamsElsewhere: ApolloServerPlugin<GraphqlRequest> = {
  requestDidStart: () =>
    Promise.resolve({
      didResolveOperation({ operation }) {
        if (operation?.operation !== 'subscription') return Promise.resolve();
        const extensions = { code: 'BAD_USER_INPUT', http: { status: 400 } };
        return Promise.reject(new GraphQLError(elsewhere, { extensions }));
      },
    }),
};

/** What the gate calls INTERNAL it has shown to the operator itself. */
export function operatorSees(unforeseen: (error: unknown, caller: Caller) => void): ApolloServerPlugin<GraphqlRequest> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didEncounterErrors({ errors, contextValue }) {
          for (const error of unforeseenIn(errors)) unforeseen(error, contextValue.caller);
          return Promise.resolve();
        },
      }),
  };
}
