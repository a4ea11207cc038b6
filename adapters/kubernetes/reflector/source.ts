import type { Request } from './request.js';
import type { Timing } from './timing.js';

/** What every Kubernetes object has and a reflector needs. */
export interface Identified {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
}

/** One kind of objects of one API server, and how it is read. */
export interface KindSource {
  readonly request: Request;
  /** Path of the collection, such as `/api/v1/nodes`. */
  readonly path: string;
  readonly kind: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Keeps what projections read, so that the object as it came is garbage at once. */
  slim(native: Identified): unknown;
  log(level: 'info' | 'warn', message: string, fields?: Readonly<Record<string, unknown>>): void;
  readonly timing?: Timing;
}

/** Path and query of a read of the collection, with its selectors. */
export function queryOf(source: KindSource, parameters: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(parameters);
  if (source.labelSelector) query.set('labelSelector', source.labelSelector);
  if (source.fieldSelector) query.set('fieldSelector', source.fieldSelector);
  return `${source.path}?${query}`;
}
