import { createSchema } from 'zod-openapi';
import { z } from 'zod';
import type { Api } from '#schema/apis.js';
import { ownOpenApi } from '../own/open-api.js';
import { cleaned } from './open-api-cleaned.js';
import { headerRefs, problemRefs, readStatuses, sharedComponents, statusesOf, type Json } from './open-api-parts.js';
import { parameterRefs, parameters, pathParameters } from './open-api-parameters.js';
import { shownSchema } from './open-api-shown.js';
import { isWritable, sent, writeOperation, writeRefusals } from './open-api-writes.js';
import type { Route } from './routes.js';

/** OpenAPI 3.1 documents by file name: one per API and major version, and that of our own API. The same input, the same text. */
export function openApiDocuments(routes: readonly Route[], publicUrl: string): Readonly<Record<string, Json>> {
  const byVersion = Map.groupBy(routes, ({ api, major }) => `${api.name}-${major}.json`);
  const documents = [...byVersion].map(([file, served]) => [file, documentOf(served, publicUrl)] as const);
  return Object.fromEntries([...documents, ['netweave-v1.json', ownOpenApi(publicUrl)] as const]);
}

function documentOf(routes: readonly Route[], publicUrl: string): Json {
  const { api, major } = routes[0]!;
  const [version] = api.majors[major]!.versions;
  const base = `/${api.name}/${major}`;
  const paths = [
    ...routes.map((route) => {
      const writes = isWritable(route) ? writeOperation(route) : {};
      return [`${base}${route.template}`, { get: operationOf(route), ...writes }] as const;
    }),
    ...versionPaths(api, base),
  ];
  const shared = sharedComponents(
    [...routes.flatMap(refusals), ...routes.filter(isWritable).flatMap(writeRefusals)],
    api.versioned ? ['Version'] : [],
  );
  return cleaned({
    openapi: '3.1.0',
    info: { title: api.title, version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: publicUrl }],
    security: [{ bearer: [] }],
    tags: [...new Set(routes.map((route) => route.definition.collection))].map((name) => ({ name })),
    paths: Object.fromEntries(paths),
    components: {
      ...shared,
      parameters: parameters(api, major),
      schemas: { ...schemasOf(routes), ...(api.versioned ? versionSchema : {}), ...shared['schemas'] },
    },
  });
}

/** Schemas of all that the routes show, by the type names of the specification. */
function schemasOf(routes: readonly Route[]): Json {
  const shown = new Map(
    routes.map(({ definition, presenter }) => [presenter.type, shownSchema(definition, presenter)]),
  );
  const written = routes.filter(isWritable).filter(({ write }) => write.method === 'POST');
  return {
    ...createSchema(z.object(Object.fromEntries(shown)), { io: 'output' }).components,
    ...Object.assign({}, ...written.map((route) => sent(route).components)),
  };
}

function refusals({ api, major, shape, template }: Route): readonly number[] {
  const overrides = api.majors[major]!.statuses;
  const named = shape === 'item' || template.includes('{');
  return [...readStatuses(overrides), ...(named ? statusesOf(['NOT_FOUND'], overrides) : [])];
}

function operationOf(route: Route): Json {
  const { api, definition, presenter, operation, shape } = route;
  const { collection, name } = definition;
  const item = { $ref: `#/components/schemas/${presenter.type}` };
  const list = { type: 'array', items: item };
  const { envelope } = presenter;
  const schema =
    shape === 'item'
      ? item
      : envelope === undefined
        ? list
        : { type: 'object', required: [envelope], properties: { [envelope]: list } };
  const said = headerRefs(
    'ETag',
    'X-Netweave-Position',
    ...(shape === 'list' ? (['Link'] as const) : []),
    ...(api.versioned ? (['Version'] as const) : []),
    'X-Netweave-Incomplete',
    'Age',
  );
  const left = presenter.defaultExcluded.map((each) => `\`${each}\``).join(', ');
  return {
    operationId: shape === 'list' ? `list${collection[0]!.toUpperCase()}${collection.slice(1)}` : `get${name}`,
    summary: operation.summary,
    ...(left === '' ? {} : { description: `Left out unless asked for: ${left}.` }),
    tags: [collection],
    parameters: [...pathParameters(route), ...parameterRefs(route)],
    responses: {
      200: {
        description: shape === 'list' ? `One page of ${collection}.` : `The ${name}.`,
        headers: said,
        content: { 'application/json': { schema } },
      },
      304: {
        description: 'The answer that the caller holds is still true.',
        headers: headerRefs('ETag', 'X-Netweave-Position'),
      },
      ...problemRefs(refusals(route)),
    },
  };
}

const versionSchema: Json = {
  ApiVersionInformation: {
    type: 'object',
    description: 'Which versions are served (ETSI GS NFV-SOL 013 9.3).',
    required: ['uriPrefix', 'apiVersions'],
    properties: {
      uriPrefix: { type: 'string' },
      apiVersions: {
        type: 'array',
        items: { type: 'object', required: ['version'], properties: { version: { type: 'string' } } },
      },
    },
  },
};

/** `api_versions` of the API and of its major. */
function versionPaths({ name, versioned }: Api, base: string): readonly (readonly [string, Json])[] {
  if (!versioned) return [];
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/ApiVersionInformation' } } };
  const operation = (operationId: string, summary: string) => ({
    get: {
      operationId,
      summary,
      tags: ['api_versions'],
      responses: {
        200: { description: 'The versions, newest first.', headers: headerRefs('Version'), content },
        ...problemRefs(statusesOf(['UNAUTHENTICATED', 'INTERNAL'])),
      },
    },
  });
  return [
    [`${base}/api_versions`, operation('getVersionsOfMajor', 'Versions of this major version.')],
    [`/${name}/api_versions`, operation('getVersions', 'All versions of this API.')],
  ];
}
