import { createSchema } from 'zod-openapi';
import { z } from 'zod';
import { spellingOf } from '#schema/spelling.js';
import { atLeastHeader } from '../at-least-header.js';
import { headerRefs, problemRefs, readStatuses, sentStatuses, statusesOf, type Json } from './open-api-parts.js';
import { pathParameters } from './open-api-parameters.js';
import type { RestWrite, Route } from './routes.js';

type WritableRoute = Route & { readonly write: RestWrite };

export function isWritable(route: Route): route is WritableRoute {
  return route.write !== undefined;
}

/** What O2 lets be written at a path, by method. */
export function writeOperation(route: WritableRoute): Json {
  const { api, definition, presenter, write, major } = route;
  const { name, collection } = definition;
  const headers = headerRefs('X-Netweave-Position', ...(api.versioned ? (['Version'] as const) : []));
  const common = {
    summary: write.operation.summary,
    tags: [collection],
    parameters: [
      ...pathParameters(route),
      ...[atLeastHeader, ...(api.versioned ? ['Version'] : [])].map((each) => ({
        $ref: `#/components/parameters/${each}`,
      })),
    ],
  };
  const refused = problemRefs(writeRefusals(route));
  if (write.method === 'DELETE') {
    const gone = { description: 'It is gone.', headers };
    const status = api.majors[major]!.deleted ?? 204;
    return { delete: { operationId: `delete${name}`, ...common, responses: { [status]: gone, ...refused } } };
  }
  const made = {
    description: `The new ${name}.`,
    headers: { ...headerRefs('Location'), ...headers },
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${presenter.type}` } } },
  };
  const requestBody = { required: true, content: { 'application/json': { schema: sent(route).schema } } };
  return { post: { operationId: `create${name}`, ...common, requestBody, responses: { 201: made, ...refused } } };
}

/** What is sent to create an object: what may be written, by the names of the API where it has one. */
export function sent({ definition, presenter, write }: WritableRoute): {
  readonly schema: Json;
  readonly components: Json;
} {
  const input = write.operation.input as unknown as z.ZodObject<{ readonly value: z.ZodObject }>;
  const names = new Map(
    Array.from(spellingOf(presenter, definition.model).values(), ({ path, name }) => [path.join('/'), name]),
  );
  const written = Object.entries(input.shape.value.shape).filter(([name]) => !(name in (presenter.creates ?? {})));
  const shape = written.map(([name, schema]) => [names.get(name) ?? name, schema] as const);
  const { schema, components } = createSchema(z.object(Object.fromEntries(shape)), { io: 'input' });
  return { schema: schema as Json, components };
}

/** Statuses that a write may be refused with. */
export function writeRefusals({ api, major, write }: WritableRoute): readonly number[] {
  const overrides = api.majors[major]!.statuses;
  const of =
    write.method === 'DELETE'
      ? statusesOf(['NOT_FOUND', 'CONFLICT'], overrides)
      : [...statusesOf(['CONFLICT', 'UNPROCESSABLE'], overrides), ...sentStatuses(overrides)];
  return [...readStatuses(overrides), ...of];
}
