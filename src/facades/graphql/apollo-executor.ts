import type { ApolloServerOptionsWithGateway } from '@apollo/server';
import type { GraphQLSchema } from 'graphql';
import type { Execute } from './execution.js';
import type { GraphqlRequest } from './request.js';

type Options = Pick<ApolloServerOptionsWithGateway<GraphqlRequest>, 'gateway'>;
type Listener = Parameters<Options['gateway']['onSchemaLoadOrUpdate']>[0];

/**
 * Lets Apollo execute documents by `execute`. The one door for an executor of one's own is the gateway of a federation, which is
 * here of this schema alone.
 */
export function executing(schema: GraphQLSchema, execute: Execute): Options {
  const listeners = new Set<Listener>();
  return {
    gateway: {
      onSchemaLoadOrUpdate(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      load() {
        for (const listener of listeners) listener({ apiSchema: schema, coreSupergraphSdl: '' });
        return Promise.resolve({
          executor: ({ document, request: { operationName, variables }, context }) =>
            Promise.resolve(context.executed ?? execute({ document, operationName, variables, context })),
        });
      },
      stop: () => Promise.resolve(),
    },
  };
}
