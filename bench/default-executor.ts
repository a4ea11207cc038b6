import { registerHooks } from 'node:module';
import type { GraphQLSchema } from 'graphql';

/** Stands for `apollo-executor.js` in a process that was started with `--import` of this file: Apollo executes by itself. */
export function executing(schema: GraphQLSchema): { readonly schema: GraphQLSchema } {
  return { schema };
}

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.endsWith('/apollo-executor.js') ? next(import.meta.url, context) : next(specifier, context),
});
