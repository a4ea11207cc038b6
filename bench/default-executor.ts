import { registerHooks } from 'node:module';
import type { Request, RequestHandler } from 'express';
import type { GraphQLSchema } from 'graphql';

/**
 * Stands for `apollo-executor.js` and `direct.js` in a process that was started with `--import` of this file: every request goes
 * through Apollo, which executes documents by itself.
 */
export function executing(schema: GraphQLSchema): { readonly schema: GraphQLSchema } {
  return { schema };
}

export function direct<R>({ requestFor }: { requestFor(request: Request): R }): {
  readonly handler: RequestHandler;
  requestFor(request: Request): R;
} {
  return { handler: (_request, _response, next) => next(), requestFor };
}

registerHooks({
  resolve: (specifier, context, next) =>
    /\/graphql\/facade\.js$/.test(context.parentURL ?? '') && /^\.\/(apollo-executor|direct)\.js$/.test(specifier)
      ? next(import.meta.url, context)
      : next(specifier, context),
});
