import { Fault, invalid } from '#schema/errors.js';
import type { Caller } from '../../operations/caller.js';
import type { ExpectedState } from '../../operations/expected-state.js';
import type { OwnRoute } from './routes.js';

/** The caller of a write, with what `If-Match` says that the object must be (RFC 9110 13.1.1). Throws INVALID for what it cannot say. */
export function conditional(caller: Caller, header: string | undefined, { operation, path }: OwnRoute): Caller {
  if (header === undefined || operation.kind === 'query') return caller;
  const expected = expectedBy(header);
  if (expected !== '*' && !path.includes('{id}'))
    throw new Fault('PRECONDITION_FAILED', 'Only what has an id has an ETag.', { at: 'If-Match', position: 0 });
  const { principal, requestId, signal, charged = false } = caller;
  return { principal, requestId, signal, charged, expected };
}

/** Tags are compared strongly: a weak one is none of ours. */
function expectedBy(header: string): ExpectedState {
  if (header.trim() === '*') return '*';
  const tag = /[\t ,]*(?:(W\/)?"([^"]*)"[\t ]*(?=,|$)|$)/y;
  const states = new Set<string>();
  for (let at = 0; at < header.length; at = tag.lastIndex) {
    tag.lastIndex = at;
    const [, weak, text] = tag.exec(header) ?? [];
    if (tag.lastIndex === 0) throw malformed(header.slice(at).search(/[^\t ,]/) + at);
    if (text !== undefined && weak === undefined) states.add(text);
  }
  if (!header.includes('"')) throw malformed(0);
  return states;
}

function malformed(at: number): Fault {
  return invalid('If-Match must be ETags in double quotes with commas between them, or *.', 'If-Match', at);
}
