import type { IncomingMessage } from 'node:http';
import { invalid } from '#schema/errors.js';
import { queryIn } from '../percent.js';

const known: readonly string[] = ['objects', 'filter', 'since'];

/** What the URL of a stream asks the gate for. Throws INVALID with the parameter. A browser that resumes says where by itself. */
export function askedIn({ url, headers }: IncomingMessage): Readonly<Record<string, unknown>> {
  const query = new URLSearchParams(queryIn(url!));
  for (const name of query.keys()) {
    if (!known.includes(name)) throw invalid(`'${name}' is no parameter of /events; known: ${known.join(', ')}.`, name);
    if (query.getAll(name).length > 1) throw invalid(`'${name}' is given more than once.`, name);
  }
  const [objects, filter] = [query.get('objects'), query.get('filter')];
  const last = headers['last-event-id'];
  const since = typeof last === 'string' && last !== '' ? last : query.get('since');
  return {
    ...(objects === null ? {} : { objects: objects.split(',') }),
    ...(filter === null ? {} : { filter }),
    ...(since === null ? {} : { since }),
  };
}
