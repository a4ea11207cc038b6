import { apis, type Api } from '#schema/apis.js';
import { Fault, invalid } from '#schema/errors.js';
import { parseFilter } from '#schema/filter/parse.js';
import { presenterOf, type CompiledPresenter } from '#schema/present.js';
import { parseSelector, type Selector } from '#schema/selector.js';
import { suggestion } from '#schema/suggestion.js';
import { misencodedPath, misencodedQuery } from '../percent.js';
import { matchRoute, type Route } from './routes.js';

/** A GET as its URL alone says it; the same object for the same URL, so that nothing is parsed twice. */
export interface RestRequest {
  readonly route: Route;
  /** Spelling of the API in the path, which every link of the answer echoes. */
  readonly prefix: string;
  readonly presenter: CompiledPresenter;
  readonly selector: Selector;
  /** Frozen input of the operation, in the model's names. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Path and query without the paging marker: what a next link is built from. */
  readonly base: string;
}

/** A path of an API that is there for another purpose than an operation. */
export type Target =
  | { readonly kind: 'request'; readonly request: RestRequest }
  | { readonly kind: 'versions'; readonly api: Api; readonly prefix: string; readonly major?: string };

export interface PathParts {
  readonly api: Api;
  readonly prefix: string;
  readonly segments: readonly string[];
  readonly query: string;
}

/** The API that a URL belongs to; undefined when it is none of ours. */
export function apiOf(url: string): PathParts | undefined {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const [prefix = '', ...segments] = path.slice(1).split('/');
  const api = apis.find((each) => each.name === prefix || each.aliases.includes(prefix));
  if (!api) return undefined;
  if (segments.at(-1) === '') segments.pop();
  return { api, prefix, segments, query: mark < 0 ? '' : url.slice(mark + 1) };
}

/** Reads a URL of an API. Throws INVALID (with position) or NOT_FOUND. */
export function readTarget(routes: readonly Route[], parts: PathParts, url: string, strict: boolean): Target {
  const { api, prefix, segments, query } = parts;
  const [major, ...rest] = segments;
  if (api.versioned && major === 'api_versions' && rest.length === 0) return { kind: 'versions', api, prefix };
  if (major === undefined || !routes.some((route) => route.api === api && route.major === major)) throw noSuchPath(url);
  if (api.versioned && rest.length === 1 && rest[0] === 'api_versions') return { kind: 'versions', api, prefix, major };
  let match;
  try {
    match = matchRoute(routes, api, major, rest);
  } catch (error) {
    if (error instanceof URIError) throw misencodedPath(url.split('?')[0]!);
    throw error;
  }
  if (!match) throw noSuchPath(url);
  const misencoded = misencodedQuery(query);
  if (misencoded) throw misencoded;
  return {
    kind: 'request',
    request: requestOf(match.route, match.parameters, prefix, rest, new URLSearchParams(query), strict),
  };
}

function noSuchPath(url: string): Fault {
  const mark = url.indexOf('?');
  return new Fault('NOT_FOUND', `There is nothing at ${mark < 0 ? url : url.slice(0, mark)}.`);
}

function requestOf(
  route: Route,
  parameters: Readonly<Record<string, string>>,
  prefix: string,
  rest: readonly string[],
  params: URLSearchParams,
  strict: boolean,
): RestRequest {
  if (strict) refuseUnknown(params);
  const presenter = presenterOf(route.presenter, route.definition);
  const flag = (name: string) => (params.has(name) ? { [name]: params.get(name)! } : {});
  const names = (name: string) => (params.has(name) ? { [name]: params.getAll(name) } : {});
  const selector = parseSelector(
    { ...flag('all_fields'), ...names('fields'), ...names('exclude_fields'), ...flag('exclude_default') },
    route.presenter,
    route.definition.model,
  );
  const input =
    route.shape === 'list' ? listInput(route, parameters, params, presenter) : itemInput(route, parameters, params);
  params.delete('nextpage_opaque_marker');
  const left = params.toString();
  const path = ['', prefix, route.major, ...rest].join('/');
  return {
    route,
    prefix,
    presenter,
    selector,
    input: Object.freeze(input),
    base: left === '' ? path : `${path}?${left}`,
  };
}

const known: ReadonlySet<string> = new Set([
  'filter',
  'all_fields',
  'fields',
  'exclude_fields',
  'exclude_default',
  'nextpage_opaque_marker',
]);

/** O2 says nothing of other query parameters: they are ignored, or refused where conformance is strict (contract 1.9). */
function refuseUnknown(params: URLSearchParams): void {
  for (const name of params.keys())
    if (!known.has(name))
      throw invalid(`There is no query parameter '${name}' here.${suggestion(name, known)}`, name, 0);
}

function listInput(
  route: Route,
  parameters: Readonly<Record<string, string>>,
  params: URLSearchParams,
  presenter: CompiledPresenter,
): Record<string, unknown> {
  const { parent } = route.definition;
  const filter = parseFilter(params.getAll('filter'), presenter.pathOf, presenter.level, presenter.decode);
  const marker = params.get('nextpage_opaque_marker');
  const paged =
    marker === null || marker === '' ? {} : /^\d{1,6}$/.test(marker) ? { page: Number(marker) } : { after: marker };
  return {
    ...(parent === undefined || parameters[parent] === undefined ? {} : { parent: parameters[parent] }),
    ...(filter ? { filter } : {}),
    ...paged,
  };
}

function itemInput(
  route: Route,
  parameters: Readonly<Record<string, string>>,
  params: URLSearchParams,
): Record<string, unknown> {
  if (params.has('filter') && !route.definition.singleton)
    throw invalid('A single object takes no filter.', 'filter', 0);
  if (params.has('filter')) throw invalid('The O-Cloud description takes no filter.', 'filter', 0);
  const { key, parent } = route.definition;
  const id = parameters[key];
  if (id === undefined) return {};
  return { id, ...(parent === undefined || parameters[parent] === undefined ? {} : { parent: parameters[parent] }) };
}
