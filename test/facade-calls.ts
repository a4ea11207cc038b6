import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSchema, type GraphQLObjectType, isLeafType, getNamedType } from 'graphql';
import type { Code } from '#schema/errors.js';
import { graphqlCodeOf } from '#src/facades/graphql/errors.js';
import type { Operation } from '#src/operations/operation.js';
import { allOperations } from '#src/operations/operations.js';
import type { Ask, GatewayUnderTest, Reply } from './gateway-under-test.js';

/** Input of an operation, in the model's names. */
export type Input = Readonly<Record<string, unknown>>;
export type Value = Readonly<Record<string, unknown>>;

/** How a facade answered an operation, in terms that all of them share. */
export interface Outcome {
  readonly code: Code | 'OK';
  /** Objects of the answer, all attributes, without those that are null: none, one, or a page. */
  readonly values: readonly Value[];
  /** Marker of the next page. */
  readonly next?: string;
  readonly reply: Reply;
}

interface Request extends Ask {
  readonly target: string;
}

/** One way to call operations. */
export interface Facade {
  readonly name: 'rest' | 'own' | 'graphql' | 'trpc' | 'websocket';
  /** The request that runs an operation; undefined where the facade does not serve it. */
  request(operation: Operation, input: Input): Request | undefined;
  read(operation: Operation, reply: Reply): Omit<Outcome, 'reply'>;
}

const v2 = '/o2ims-infrastructureInventory/v2';
const encoded = (value: unknown): string => encodeURIComponent(String(value));

/** O2 REST v2, with every attribute selected. */
const rest: Facade = {
  name: 'rest',
  request({ object, verb }, input) {
    const { routes = {} } =
      object.presenters.find(({ api, major }) => api === 'o2ims-infrastructureInventory' && major === 'v2') ?? {};
    const template = verb in routes ? routes[verb as keyof typeof routes] : undefined;
    if (template === undefined) return undefined;
    const { id, parent, filter, after, value } = input;
    if (verb === 'create') return { target: `${v2}${template}`, method: 'POST', body: value };
    const named = { [object.key]: id, ...(object.parent === undefined ? {} : { [object.parent]: parent }) };
    if ('first' in input || 'orderBy' in input) return undefined;
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encoded(named[name]));
    if (verb === 'delete') return { target: `${v2}${path}`, method: 'DELETE' };
    const query = { filter, nextpage_opaque_marker: after };
    return { target: `${v2}${path}?all_fields${queryOf(query)}` };
  },
  read(_, reply) {
    const body = bodyOf(reply);
    if (reply.status >= 400) return refused((body as { readonly code: Code }).code);
    const link = /[?&]nextpage_opaque_marker=([^>&]*)>/.exec(String(reply.headers['link'] ?? ''))?.[1];
    return {
      code: 'OK',
      values: body === undefined ? [] : ([body].flat() as Value[]),
      ...(link === undefined ? {} : { next: decodeURIComponent(link) }),
    };
  },
};

/** Our own REST API. */
const own: Facade = {
  name: 'own',
  request({ object, verb, kind }, input) {
    const { id, parent, orderBy, value, patch, ...query } = input as Input & { readonly orderBy?: OrderBy };
    const { collection, singleton, name } = object;
    const path = `/netweave/v1/${singleton ? fieldName(name) : collection}`;
    const order = orderBy && { orderBy: `${orderBy.descending ? '-' : ''}${orderBy.attribute}` };
    const list = queryOf({ ...query, ...order, ...(parent === undefined ? {} : { [object.parent!]: parent }) });
    const one = `${path}/${encoded(id)}`;
    switch (verb) {
      case 'list':
        return { target: `${path}?${list.slice(1)}` };
      case 'get':
        return { target: singleton ? path : one };
      case 'create':
        return { target: path, method: 'POST', body: value };
      case 'update':
        return { target: one, method: 'PATCH', body: patch };
      case 'delete':
        return { target: one, method: 'DELETE' };
      case 'read':
        return { target: `${path}?${list.slice(1)}` };
      case 'restore':
        return { target: `${path}/${verb}`, method: 'POST', body: query };
      default:
        if (kind === 'query') return { target: `${one}/${verb}?${list.slice(1)}` };
        return { target: `${one}/${verb}`, method: 'POST', body: query };
    }
  },
  read(operation, reply) {
    const body = bodyOf(reply);
    if (reply.status >= 400) return refused((body as { readonly code: Code }).code);
    return answered(operation, body);
  },
};

const trpc: Facade = {
  name: 'trpc',
  request({ name, kind }, input) {
    const target = `/trpc/${name}`;
    if (kind === 'mutation') return { target, method: 'POST', body: input };
    return { target: `${target}?input=${encoded(JSON.stringify(input))}` };
  },
  read(operation, reply) {
    const body = bodyOf(reply) as TrpcBody;
    return body.error ? refused(body.error.data.code) : answered(operation, body.result!.data);
  },
};

interface TrpcBody {
  readonly error?: { readonly data: { readonly code: Code } };
  readonly result?: { readonly data: unknown };
}
interface OrderBy {
  readonly attribute: string;
  readonly descending: boolean;
}

/** Objects on a page of GraphQL: all attributes of more would cost more than a document may. */
const cheap = 25;

const sdl = readFileSync(fileURLToPath(new URL('../../schema/schema.graphql', import.meta.url)), 'utf8');
const schema = buildSchema(sdl);
const codeOf: ReadonlyMap<string, Code> = new Map(
  Object.entries(graphqlCodeOf).map(([code, spelt]) => [spelt, code as Code]),
);

const graphql: Facade = {
  name: 'graphql',
  request(operation, input) {
    const { object, verb, kind } = operation;
    const { id, parent, value, orderBy, ...rest } = input as Input & { readonly orderBy?: OrderBy };
    const order = orderBy && { orderBy: { by: orderBy.attribute, direction: orderBy.descending ? 'DESC' : 'ASC' } };
    const shown = operation.output ? '' : selectionOf(object.name);
    const body = ((): object => {
      if (kind === 'mutation') {
        const name = operation.field ?? `${verb}${object.name}`;
        const of = `$input: ${name.charAt(0).toUpperCase()}${name.slice(1)}Input!`;
        if (operation.output)
          return { query: `mutation (${of}) { ${name}(input: $input) { ${told(operation)} } }`, variables: { input } };
        const query = `mutation (${of}) { ${name}(input: $input) { id position value: ${fieldName(object.name)} { ${shown} } } }`;
        return { query, variables: { input: verb === 'create' ? value : input } };
      }
      if (operation.output && operation.field) {
        const given = Object.entries(input).map(([name, said]) => `${name}: ${JSON.stringify(said)}`);
        return { query: `{ ${operation.field}${given[0] ? `(${given})` : ''} { ${told(operation)} } }` };
      }
      if (operation.output) {
        const { after, first } = input;
        const given = 'first' in input || 'after' in input ? '(first: $first, after: $after)' : '';
        const taken = given && ', $first: Int, $after: String';
        const query = `query ($id: ID!${taken}) { of: ${fieldName(object.name)}(id: $id) { ${verb}${given} { ${told(operation)} } } }`;
        return { query, variables: { id, ...(given && { after, first }) } };
      }
      if (verb === 'get') {
        if (object.singleton) return { query: `{ value: ${fieldName(object.name)} { ${shown} } }` };
        return {
          query: `query ($id: ID!) { value: ${fieldName(object.name)}(id: $id) { ${shown} } }`,
          variables: { id },
        };
      }
      const { document, at } = listOf(operation, parent !== undefined);
      return { query: document(shown), variables: { first: cheap, ...rest, ...order, ...(at ? { parent } : {}) } };
    })();
    return { target: '/graphql', method: 'POST', body };
  },
  read(operation, reply) {
    const { kind, verb, output } = operation;
    const { data, errors } = bodyOf(reply) as GraphqlBody;
    if (errors) return refused(codeOf.get(errors[0]!.extensions.code)!);
    const [answer] = Object.values(data!);
    if (output) return answered(operation, kind === 'mutation' || operation.field ? answer : (answer as Value)[verb]);
    const page = answer as { readonly nodes?: unknown; readonly value?: unknown; readonly pageInfo?: PageInfo };
    if (kind === 'mutation') return answered(operation, { value: page.value });
    if (!Array.isArray(page.nodes)) return answered(operation, { ...(answer as object) });
    const { hasNextPage, endCursor } = page.pageInfo!;
    return answered(operation, { items: page.nodes, ...(hasNextPage ? { next: endCursor } : {}) });
  },
};

interface PageInfo {
  readonly hasNextPage: boolean;
  readonly endCursor: string;
}
interface GraphqlBody {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
}

/** A list is a root field; what is listed under a parent is the parent's field too, but here the filter says it. */
function listOf({ object }: Operation, under: boolean) {
  const { collection, name, parent } = object;
  const where = under ? `, where: { ${parent}: { eq: $parent } }` : '';
  const parameters = `$first: Int, $after: String, $filter: String, $orderBy: ${name}Order${under ? ', $parent: ID!' : ''}`;
  const given = `first: $first, after: $after, filter: $filter, orderBy: $orderBy${where}`;
  const page = 'pageInfo { hasNextPage endCursor }';
  const document = (shown: string) =>
    `query (${parameters}) { ${collection}(${given}) { nodes { ${shown} } ${page} } }`;
  return { document, at: under };
}

/** Every attribute of what an operation answers that is no object. */
function told({ output }: Operation): string {
  return selectionOf(output!.meta()!.id!);
}

/** Every attribute of an object, and those of the objects nested in it. */
function selectionOf(type: string, levels = 2): string {
  const fields = Object.values((schema.getType(type) as GraphQLObjectType).getFields());
  const parts = fields.flatMap(({ name, type: of, args }) => {
    const named = getNamedType(of);
    if (name === 'id' || name.endsWith('Count') || args.length > 0) return [];
    if (isLeafType(named)) return [name];
    const isRelation = 'getInterfaces' in named && named.getInterfaces().length > 0 && named.name !== type;
    return isRelation || levels === 0 ? [] : [`${name} { ${selectionOf(named.name, levels - 1)} }`];
  });
  return parts.join(' ');
}

export const facades: readonly Facade[] = [rest, own, graphql, trpc];

/** Runs an operation through a facade; undefined where that one does not serve it. */
export async function call(
  { send }: Pick<GatewayUnderTest, 'send'>,
  facade: Facade,
  operation: Operation,
  input: Input,
  ask: Pick<Ask, 'as' | 'headers'> = {},
): Promise<Outcome | undefined> {
  const request = facade.request(operation, input);
  if (!request) return undefined;
  const { target, ...rest } = request;
  const reply = await send(target, { ...rest, ...ask });
  return { ...facade.read(operation, reply), reply };
}

/** Every object that a client sees, by type, in the order of ids. */
export async function everythingSeen(
  gateway: Pick<GatewayUnderTest, 'send'>,
  as?: string,
): Promise<Readonly<Record<string, readonly Value[]>>> {
  const seen: Record<string, readonly Value[]> = {};
  for (const operation of allOperations.filter(({ verb }) => verb === 'list')) {
    const values: Value[] = [];
    let page: Outcome | undefined;
    do {
      const input = { first: 500, ...(page && { after: page.next }) };
      page = (await call(gateway, trpc, operation, input, as === undefined ? {} : { as }))!;
      values.push(...page.values);
    } while (page.next !== undefined);
    seen[operation.object.name] = values;
  }
  return seen;
}

/** What a document answers. */
export async function graph(
  { send }: Pick<GatewayUnderTest, 'send'>,
  as: string,
  query: string,
  variables: Input = {},
): Promise<GraphqlBody> {
  const { text } = await send('/graphql', { as, method: 'POST', body: { query, variables } });
  return JSON.parse(text) as GraphqlBody;
}

export function operationOf(name: string): Operation {
  return allOperations.find((each) => each.name === name)!;
}

function queryOf(query: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => `&${name}=${encoded(value)}`).join('');
}

/** `OCloudSite` → `oCloudSite`. */
export function fieldName(object: string): string {
  return object.charAt(0).toLowerCase() + object.slice(1);
}

function bodyOf({ text }: Reply): unknown {
  return text === '' ? undefined : JSON.parse(text);
}

function refused(code: Code) {
  return { code, values: [] } as const;
}

/** Our own shapes: `{ items, next }`, an object, `{ id, value }` of a write, or what the operation has of its own. */
function answered({ kind, output }: Pick<Operation, 'kind' | 'output'>, body: unknown) {
  if (output) return { code: 'OK', values: [withoutNulls(body) as Value] } as const;
  const { items, next, value } = (body ?? {}) as {
    readonly items?: Value[];
    readonly next?: string;
    readonly value?: Value | null;
  };
  const values = kind === 'mutation' ? (value ? [value] : []) : (items ?? [body as Value]);
  return {
    code: 'OK',
    values: values.map((each) => withoutNulls(each) as Value),
    ...(next === undefined ? {} : { next }),
  } as const;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(kept.map(([name, each]) => [name, withoutNulls(each)]));
}
