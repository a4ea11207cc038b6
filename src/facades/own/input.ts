import { invalid } from '#schema/errors.js';
import type { ObjectDefinition } from '#schema/object.js';
import { misencodedPath } from '../percent.js';
import { ownBase, type OwnRoute } from './routes.js';

/** Path parameters beside the query, or beside the whole body as one member. */
export type Sent = Readonly<Record<string, unknown>>;

/** What a request sends, as its operation takes it. Members nobody knows stay in, for the gate to refuse. */
export function operationInput(route: OwnRoute, sent: Sent): unknown {
  const { object, verb } = route.operation;
  if (verb === 'list') return listInput(object, sent);
  const place = route.path.indexOf('{id}');
  const id = place < 0 ? {} : { id: decoded(sent['id'] as string, ownBase.length + place) };
  const { body } = sent;
  switch (verb) {
    case 'get':
    case 'delete':
      return { ...sent, ...id };
    case 'create':
      return { value: body };
    case 'update':
      return { ...id, patch: body };
    case 'deadLetters':
    case 'read':
      return { ...sent, ...(sent['first'] === undefined ? {} : { first: numberOf(sent['first']) }), ...id };
    case 'delivery':
      return { ...sent, ...id };
    default:
      if (typeof body === 'object' && body !== null && 'id' in body)
        throw invalid('id: the id stands in the path', 'id');
      return { ...(body as object | undefined), ...id };
  }
}

function decoded(segment: string, offset: number): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw misencodedPath(segment, offset);
  }
}

function listInput({ parent }: ObjectDefinition, query: Sent): unknown {
  const { first, page, orderBy, ...rest } = query;
  const named = Object.entries(rest).map(([name, value]) => [name === parent ? 'parent' : name, value] as const);
  return {
    ...Object.fromEntries(named),
    ...(first === undefined ? {} : { first: numberOf(first) }),
    ...(page === undefined ? {} : { page: numberOf(page) }),
    ...(orderBy === undefined ? {} : { orderBy: typeof orderBy === 'string' ? orderOf(orderBy) : orderBy }),
  };
}

/** What reads as a number becomes it; anything else is left for the gate to refuse. */
function numberOf(text: unknown): unknown {
  return typeof text === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
}

function orderOf(text: string): unknown {
  return text.startsWith('-') ? { attribute: text.slice(1), descending: true } : { attribute: text };
}
