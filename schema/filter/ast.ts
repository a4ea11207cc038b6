/** The ten operators of ETSI NFV-SOL 013 5.2; every facade uses these names. */
export const operators = ['eq', 'neq', 'gt', 'lt', 'gte', 'lte', 'in', 'nin', 'cont', 'ncont'] as const;
export type Operator = (typeof operators)[number];

/** One comparison. `path` is in the model's own names, already translated from an API's spelling; `@key` is `{ key: true }`. */
export interface Condition {
  readonly operator: Operator;
  readonly path: readonly string[];
  /** True when the keys of the map at `path` are compared instead of its value. */
  readonly keys?: boolean;
  readonly values: readonly string[];
}

/** A filter as every facade hands it to the view: conditions joined by `all` and `any`. */
export type Filter = Condition | { readonly all: readonly Filter[] } | { readonly any: readonly Filter[] };

/** The conditions of a filter, wherever they stand in it. */
export function conditionsIn(filter: Filter): readonly Condition[] {
  if ('operator' in filter) return [filter];
  return ('all' in filter ? filter.all : filter.any).flatMap(conditionsIn);
}
