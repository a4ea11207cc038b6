import type { Json } from './open-api-parts.js';

/** Members under which names are of our choosing, not keywords. */
const maps: ReadonlySet<string> = new Set([
  'properties',
  'schemas',
  '$defs',
  'paths',
  'headers',
  'responses',
  'content',
  'parameters',
]);

/** What our models say to the view, to GraphQL and to the gate alone (schema/meta.ts). */
const internal: ReadonlySet<string> = new Set(['index', 'permission', 'reference', 'derived', 'mandatory']);

const anonymous = /^#\/components\/schemas\/__schema\d+$/;

/**
 * A generated document made fit to be published: without our own annotations, with one name for JSON in place of a schema
 * for each use of it, and open where we answer, because answers grow inside a major version.
 */
export function cleaned(document: Json): Json {
  const { components, ...rest } = document as { readonly components: { readonly schemas: Json } };
  const schemas = Object.entries(components.schemas).filter(([name, schema]) => !isAnyJson(name, schema));
  const json = { description: 'Any JSON value.' };
  const made = { ...rest, components: { ...components, schemas: { ...Object.fromEntries(schemas), Json: json } } };
  return withUsedHeaders(clean(made, false, false) as Published);
}

interface Published {
  readonly [part: string]: unknown;
  readonly components: { readonly headers?: Json };
}

function withUsedHeaders({ components, ...rest }: Published): Json {
  const text = JSON.stringify([rest, components]);
  const used = Object.entries(components.headers ?? {}).filter(([name]) =>
    text.includes(`"#/components/headers/${name}"`),
  );
  return { ...rest, components: { ...components, headers: Object.fromEntries(used) } };
}

/** `z.json()` contains itself and has no name. Any other schema like that would come out nameless too, so it is refused. */
function isAnyJson(name: string, schema: unknown): boolean {
  if (!anonymous.test(`#/components/schemas/${name}`)) return false;
  const types = ((schema as { readonly anyOf?: readonly Json[] }).anyOf ?? []).map((each) => each['type']);
  if (types.join() !== 'string,number,boolean,null,array,object')
    throw new Error(`A schema that contains itself needs .meta({ id }): ${JSON.stringify(schema)}`);
  return true;
}

/** `names`: the members of `node` are names. `taken`: it is what we are sent, and strict about. */
function clean(node: unknown, names: boolean, taken: boolean): unknown {
  if (Array.isArray(node)) return node.map((each) => clean(each, false, taken));
  if (typeof node !== 'object' || node === null) return node;
  const kept = Object.entries(node).filter(
    ([key, value]) => names || (!internal.has(key) && (taken || key !== 'additionalProperties' || value !== false)),
  );
  return Object.fromEntries(
    kept.map(([key, value]) => {
      if (key === '$ref' && anonymous.test(value as string)) return [key, '#/components/schemas/Json'];
      return [key, clean(value, !names && maps.has(key), taken || key === 'requestBody')];
    }),
  );
}
