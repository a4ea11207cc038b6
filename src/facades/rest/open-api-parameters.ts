import { z } from 'zod';
import { atLeastHeader } from '../at-least-header.js';
import type { Api } from '#schema/apis.js';
import { attributeAt } from '#schema/paths.js';
import type { Json } from './open-api-parts.js';
import type { Route } from './routes.js';

const query = (name: string, description: string, schema: Json = { type: 'string' }): Json => ({
  in: 'query',
  name,
  description,
  schema,
});
const flag = (name: string, description: string): Json => ({ ...query(name, description), allowEmptyValue: true });
const names = { type: 'array', items: { type: 'string' } };
const listed = (name: string, description: string): Json => ({
  ...query(name, description, names),
  style: 'form',
  explode: false,
});

const selectors = {
  all_fields: flag('all_fields', 'Every attribute.'),
  fields: listed('fields', 'The mandatory attributes and these; `/` leads into an attribute.'),
  exclude_fields: listed('exclude_fields', 'Every attribute but these; mandatory ones cannot be left out.'),
  exclude_default: flag('exclude_default', 'Every attribute but those left out by default; the same as no selector.'),
} as const satisfies Record<string, Json>;

const lists = {
  filter: {
    ...query(
      'filter',
      'Expressions `(operator,attribute,value)`, joined by `;` (ETSI GS NFV-SOL 013 5.2). Operators: eq, neq, gt, lt, gte, lte, in, nin, cont, ncont.',
    ),
    example: '(eq,name,edge)',
  },
  nextpage_opaque_marker: query(
    'nextpage_opaque_marker',
    'Where the next page begins: taken from a `Link`, never built.',
  ),
} as const satisfies Record<string, Json>;

const conditional: Json = {
  in: 'header',
  name: 'If-None-Match',
  description: 'ETag of an answer that the caller holds; 304 while it is still true.',
  schema: { type: 'string' },
};

/** Of every operation on every path. */
export const atLeastParameter: Json = {
  in: 'header',
  name: atLeastHeader,
  description:
    'A position that an answer carried, of any gateway of the same store: answered when what is read here is as new, 503 when it is not in time, 410 when a failover of the store took the position away.',
  schema: { type: 'string' },
};

/** The components that operations of one major version refer to. */
export function parameters({ versioned, majors }: Api, major: string): Json {
  const example = majors[major]!.versions[0];
  const version = {
    in: 'header',
    name: 'Version',
    description: 'Version to answer with; the newest of the major when absent. 406 when it is not served.',
    schema: { type: 'string' },
    example,
  };
  return {
    ...lists,
    ...selectors,
    'If-None-Match': conditional,
    [atLeastHeader]: atLeastParameter,
    ...(versioned ? { Version: version } : {}),
  };
}

/** What a route takes beside its path. */
export function parameterRefs({ api, shape }: Route): readonly Json[] {
  const taken = [
    ...(shape === 'list' ? Object.keys(lists) : []),
    ...Object.keys(selectors),
    'If-None-Match',
    atLeastHeader,
    ...(api.versioned ? ['Version'] : []),
  ];
  return taken.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

/** The parameters of a route's path, described as in the model. */
export function pathParameters({ segments, definition }: Route): readonly Json[] {
  const inPath = segments.filter((segment) => segment.startsWith('{')).map((segment) => segment.slice(1, -1));
  return inPath.map((name) => {
    const attribute = attributeAt(definition.model, [name]);
    const description = attribute && z.globalRegistry.get(attribute.schema)?.description;
    return {
      in: 'path',
      name,
      required: true,
      ...(description === undefined ? {} : { description }),
      schema: { type: 'string' },
    };
  });
}
