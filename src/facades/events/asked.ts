import type { IncomingMessage } from 'node:http';
import { Fault } from '#schema/errors.js';
import { queryIn } from '../percent.js';

/** What a request asks to be told, as the gate takes it; and how its refusals are told in terms of the request. */
export interface Asked {
  readonly input: Readonly<Record<string, unknown>>;
  told(fault: Fault): Fault;
}

/** Parameters nobody knows stay in, for the gate to refuse; so do those that stand twice. */
export function askedBy({ url, headers }: IncomingMessage): Asked {
  const query = new URLSearchParams(queryIn(url!));
  const resumed = headers['last-event-id'];
  const lastEventId = typeof resumed === 'string' && resumed !== '' ? resumed : undefined;
  const named = [...new Set(query.keys())].map((name) => [name, valueOf(name, query.getAll(name))] as const);
  return {
    // Who comes back says so in the header, and its URL is still the one it first came with.
    input: { ...Object.fromEntries(named), ...(lastEventId === undefined ? {} : { since: lastEventId }) },
    told(fault) {
      const at = placeOf(fault, query, lastEventId);
      return at ? new Fault(fault.code, fault.message, { ...fault.detail, ...at }, fault.cause) : fault;
    },
  };
}

function valueOf(name: string, sent: readonly string[]): unknown {
  if (name === 'objects') return sent.flatMap((each) => each.split(','));
  return sent.length === 1 ? sent[0] : sent;
}

function placeOf({ detail: { at } }: Fault, query: URLSearchParams, lastEventId: string | undefined) {
  if (at === 'since' && lastEventId !== undefined) return { at: 'Last-Event-ID', position: 0 };
  const index = /^objects\/(\d+)$/.exec(at ?? '')?.[1];
  if (index === undefined) return undefined;
  const before = query.getAll('objects').join().split(',').slice(0, Number(index));
  return { at: 'objects', position: before.reduce((sum, name) => sum + name.length + 1, 0) };
}
