import { apis, type Api } from '#schema/apis.js';
import type { ObjectDefinition } from '#schema/object.js';
import { objects } from '#schema/objects.js';
import type { Presenter } from '#schema/presenter.js';
import type { Operation } from '../../operations/operation.js';

/** What a method does to the object of a route, where its API lets it: most paths are read only, subscriptions are not. */
export interface RestWrite {
  readonly method: 'POST' | 'DELETE';
  readonly operation: Operation;
}

/** One readable path of one API: an operation, presented. Made from presenters × operations. */
export interface Route {
  readonly api: Api;
  readonly major: string;
  readonly definition: ObjectDefinition;
  readonly presenter: Presenter;
  readonly operation: Operation;
  readonly write?: RestWrite;
  readonly shape: 'list' | 'item';
  /** As in the presenter: `/resourcePools/{resourcePoolId}`. */
  readonly template: string;
  readonly segments: readonly string[];
}

/** A route and the values of its parameters. */
export interface Match {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

export function routesOf(
  operations: readonly Operation[],
  served: (api: string, major: string) => boolean,
): readonly Route[] {
  return Object.values(objects as Readonly<Record<string, ObjectDefinition>>).flatMap((definition) =>
    definition.presenters
      .filter((presenter) => served(presenter.api, presenter.major))
      .flatMap((presenter) => [
        ...route(definition, presenter, operations, 'list', presenter.routes.list),
        ...route(definition, presenter, operations, 'item', presenter.routes.get),
      ]),
  );
}

/** The majors of an API that are served, the newest first. */
export function servedMajors(routes: readonly Route[], api: Api): readonly string[] {
  const served = new Set(routes.filter((each) => each.api === api).map((each) => each.major));
  return Object.keys(api.majors)
    .filter((major) => served.has(major))
    .sort()
    .reverse();
}

function route(
  definition: ObjectDefinition,
  presenter: Presenter,
  operations: readonly Operation[],
  shape: Route['shape'],
  template: string | undefined,
): Route[] {
  const verb = shape === 'list' ? 'list' : 'get';
  const operation = operations.find((each) => each.object.name === definition.name && each.verb === verb);
  if (template === undefined || !operation) return [];
  const api = apis.find((each) => each.name === presenter.api)!;
  const segments = template.split('/').filter((segment) => segment !== '');
  const write = writeAt(definition, presenter, operations, shape);
  const route = { api, major: presenter.major, definition, presenter, operation, shape, template, segments };
  return [write ? { ...route, write } : route];
}

function writeAt(
  definition: ObjectDefinition,
  presenter: Presenter,
  operations: readonly Operation[],
  shape: Route['shape'],
): RestWrite | undefined {
  const verb = shape === 'list' ? 'create' : 'delete';
  if (presenter.routes[verb] === undefined) return undefined;
  const operation = operations.find((each) => each.object.name === definition.name && each.verb === verb);
  return operation && { method: verb === 'create' ? 'POST' : 'DELETE', operation };
}

/** Finds the route of a path below `/{api}/{major}`; undefined when there is none. Percent-encoding is undone here. */
export function matchRoute(
  routes: readonly Route[],
  api: Api,
  major: string,
  segments: readonly string[],
): Match | undefined {
  for (const route of routes) {
    if (route.api !== api || route.major !== major || route.segments.length !== segments.length) continue;
    const parameters: Record<string, string> = {};
    const fits = route.segments.every((expected, index) => {
      const actual = segments[index]!;
      if (!expected.startsWith('{')) return expected === actual;
      parameters[expected.slice(1, -1)] = decodeURIComponent(actual);
      return actual !== '';
    });
    if (fits) return { route, parameters };
  }
  return undefined;
}
