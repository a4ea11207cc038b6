import type { ObjectDefinition } from '#schema/object.js';
import type { Operation, Verb } from '../../operations/operation.js';

/** Base of every path, as it is mounted. */
export const ownBase = '/netweave/v1';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** One operation as one method of one path. */
export interface OwnRoute {
  readonly operation: Operation;
  readonly method: Method;
  /** Below `ownBase`: `/resourcePools/{id}/scale`. */
  readonly path: `/${string}`;
  /** Status of success. */
  readonly status: 200 | 201 | 204;
}

const one = '/{id}';

/** How the plain verbs look in REST; all others are the last part of a path below the object. */
const shapes = {
  list: ['GET', '', 200],
  get: ['GET', one, 200],
  create: ['POST', '', 201],
  update: ['PATCH', one, 200],
  delete: ['DELETE', one, 204],
  read: ['GET', '', 200],
  restore: ['POST', '/restore', 200],
} as const satisfies Partial<Record<Verb, Shape>>;

type Shape = readonly [method: Method, rest: string, status: OwnRoute['status']];
const isPlain = (verb: Verb): verb is keyof typeof shapes => verb in shapes;

function shapeOf({ verb, kind }: Operation): Shape {
  if (isPlain(verb)) return shapes[verb];
  return [kind === 'query' ? 'GET' : 'POST', `${one}/${verb}`, 200];
}

export function ownRoutes(operations: readonly Operation[]): readonly OwnRoute[] {
  return operations.map((operation) => {
    const [method, rest, status] = shapeOf(operation);
    return { operation, method, path: pathOf(operation.object, rest), status };
  });
}

/** A singleton has no id, and its name stands for it. */
function pathOf({ name, collection, singleton }: ObjectDefinition, rest: string): `/${string}` {
  return singleton ? `/${name[0]!.toLowerCase()}${name.slice(1)}` : `/${collection}${rest}`;
}

/** Methods of a path; empty when there is nothing there. */
export function methodsAt(routes: readonly OwnRoute[], path: string): readonly Method[] {
  const segments = path.split('/');
  const fits = (template: string): boolean => {
    const expected = template.split('/');
    return (
      expected.length === segments.length &&
      expected.every((part, index) => (part.startsWith('{') ? segments[index] !== '' : part === segments[index]))
    );
  };
  return routes.filter((route) => fits(route.path)).map((route) => route.method);
}
