import { initTRPC, type AnyTRPCProcedure } from '@trpc/server';
import type { OpenApiMeta, OpenApiRouter } from 'trpc-to-openapi';
import { z } from 'zod';
import { describedInput, describedOutput } from './described.js';
import type { OwnContext } from './answer.js';
import { answerOf } from './answer.js';
import { ownBase, type OwnRoute } from './routes.js';

const root = () => initTRPC.context<OwnContext>().meta<OpenApiMeta>().create({ isDev: false });

/** The router that is served. Its inputs check nothing, because the gate does; so there is nothing that the library could change. */
export function servedRouter(routes: readonly OwnRoute[]): OpenApiRouter {
  const { procedure, router } = root();
  return routerOf(routes, router, (route) => {
    const meta = { openapi: { method: route.method, path: route.path, errorResponses: [] } };
    const parameters = [...route.path.matchAll(/\{(.+?)\}/g)].map(([, name]) => [name!, z.string()] as const);
    const base = procedure
      .meta(meta)
      .input(z.looseObject(Object.fromEntries(parameters)))
      .output(z.unknown());
    const run = ({ ctx, input }: { ctx: OwnContext; input: Record<string, unknown> }) => answerOf(ctx, route, input);
    return route.operation.kind === 'query' ? base.query(run) : base.mutation(run);
  });
}

/** The router that is documented: the same routes with what the gate demands of them. Never served. */
export function describedRouter(routes: readonly OwnRoute[]): OpenApiRouter {
  const { procedure, router } = root();
  return routerOf(routes, router, (route) => {
    const { name, summary, object, verb } = route.operation;
    const contentTypes =
      route.method === 'PATCH' ? ['application/merge-patch+json', 'application/json'] : ['application/json'];
    const operationId = name.replace('.', '_');
    const meta = {
      openapi: {
        method: route.method,
        path: `${ownBase}${route.path}` as const,
        operationId,
        summary,
        tags: [object.collection],
        contentTypes,
        errorResponses: [],
      },
    };
    const base = procedure.meta(meta).input(describedInput(route)).output(describedOutput(route));
    const never = () => Promise.reject(new Error(`${verb} is only described here.`));
    return route.operation.kind === 'query' ? base.query(never) : base.mutation(never);
  });
}

function routerOf(
  routes: readonly OwnRoute[],
  router: (procedures: Record<string, Record<string, AnyTRPCProcedure>>) => OpenApiRouter,
  made: (route: OwnRoute) => AnyTRPCProcedure,
): OpenApiRouter {
  const collections: Record<string, Record<string, AnyTRPCProcedure>> = {};
  for (const route of routes) {
    const { object, verb } = route.operation;
    (collections[object.collection] ??= {})[verb] = made(route);
  }
  return router(collections);
}
