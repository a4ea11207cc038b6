import { generateOpenApiDocument } from 'trpc-to-openapi';
import { allOperations } from '../../operations/operations.js';
import { atLeastHeader } from '../at-least-header.js';
import { cleaned } from '../rest/open-api-cleaned.js';
import {
  headerRefs,
  problemRefs,
  readStatuses,
  sentStatuses,
  sharedComponents,
  statusesOf,
  writeStatuses,
  type Json,
} from '../rest/open-api-parts.js';
import { atLeastParameter } from '../rest/open-api-parameters.js';
import { describedRouter } from './router.js';
import { ownBase, ownRoutes, type OwnRoute } from './routes.js';

const tag: Json = {
  description:
    'State of the object, for `If-Match` of a write; attributes derived from other objects are not part of it. That of a pool says ' +
    'how many resources it holds, too: only `scale` is refused when it holds another number by now.',
  schema: { type: 'string' },
};
const ifMatch: Json = {
  in: 'header',
  name: 'If-Match',
  description: 'ETags, or `*`: 412, and nothing is done, when the object is in none of these states any more.',
  schema: { type: 'string' },
};

interface Operation {
  readonly parameters?: readonly {
    readonly description?: string;
    readonly schema: { readonly description?: string };
  }[];
  readonly responses: { readonly 200: { readonly content: Json } };
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** The OpenAPI 3.1 document of our own API: made by the library, with the statuses, headers and problems that it cannot say. */
export function ownOpenApi(publicUrl: string): Json {
  const routes = ownRoutes(allOperations);
  const title = 'netweave: inventory in its own names, with writes';
  const { info, paths, components, ...rest } = generateOpenApiDocument(describedRouter(routes), {
    title,
    version: '1.0.0',
    baseUrl: publicUrl,
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
  });
  const shared = sharedComponents(routes.flatMap(refusals));
  return cleaned({
    ...rest,
    info: { ...info, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    tags: [...new Set(routes.map((route) => route.operation.object.collection))].map((name) => ({ name })),
    paths: pathsOf(routes, paths as unknown as Paths),
    components: {
      ...components,
      ...shared,
      headers: { ...(shared['headers'] as Json), ETag: tag },
      parameters: { [atLeastHeader]: atLeastParameter, 'If-Match': ifMatch },
      schemas: { ...components!.schemas, ...shared['schemas'] },
    },
  });
}

function pathsOf(routes: readonly OwnRoute[], generated: Paths): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = `${ownBase}${route.path}`;
    const method = route.method.toLowerCase();
    (paths[path] ??= {})[method] = completed(route, generated[path]![method]!);
  }
  return paths;
}

function completed(route: OwnRoute, operation: Operation): Json {
  const { content } = operation.responses[200];
  const own = (operation.parameters ?? []).map((each) => ({
    ...each,
    description: each.description ?? each.schema.description,
  }));
  const conditional = route.operation.kind === 'mutation' && route.path.includes('{id}');
  const headers = [atLeastHeader, ...(conditional ? ['If-Match'] : [])];
  const parameters = [...own, ...headers.map((name) => ({ $ref: `#/components/parameters/${name}` }))];
  return {
    ...operation,
    parameters,
    responses: { [route.status]: successOf(route, content), ...problemRefs(refusals(route)) },
  };
}

function successOf({ operation, status }: OwnRoute, content: Json): Json {
  const { verb, object, output } = operation;
  if (status === 204) return { description: 'It is gone.', headers: headerRefs('X-Netweave-Position') };
  if (status === 201)
    return {
      description: `The new ${object.name}.`,
      headers: headerRefs('Location', 'ETag', 'X-Netweave-Position'),
      content,
    };
  const said = headerRefs(
    ...(verb === 'list' ? (['Link'] as const) : output ? [] : (['ETag'] as const)),
    'X-Netweave-Position',
    'X-Netweave-Incomplete',
    'Age',
  );
  return {
    description:
      verb === 'list' ? `One page of ${object.collection}.` : output ? output.description! : `The ${object.name}.`,
    headers: said,
    content,
  };
}

function refusals({ operation, path, method }: OwnRoute): readonly number[] {
  const named =
    path.includes('{id}') ||
    operation.object.singleton ||
    (operation.verb === 'list' && operation.object.parent !== undefined);
  const sent = method === 'POST' || method === 'PATCH' ? sentStatuses() : [];
  return [
    ...readStatuses(),
    ...(named ? statusesOf(['NOT_FOUND']) : []),
    ...(operation.kind === 'mutation' ? writeStatuses() : []),
    ...sent,
  ];
}
