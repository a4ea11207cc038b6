import type { IncomingMessage } from 'node:http';
import { Fault, invalid } from '#schema/errors.js';
import { parsePosition } from '#schema/position.js';
import type { View } from '../inventory/view.js';

/** Asks for an answer that is true at least up to a position: who wrote through another gateway reads what it wrote. */
const header = 'X-Netweave-At-Least';

/** Longest that this gateway may be behind, milliseconds. */
const patience = 5000;

/** Resolves when the position that a request asks for has been reached; undefined when it asks for none. Rejects with a Fault. */
export function atLeast(view: View, { headers }: IncomingMessage): Promise<void> | undefined {
  const asked = headers['x-netweave-at-least'];
  return asked === undefined ? undefined : reached(view, String(asked));
}

async function reached(view: View, asked: string): Promise<void> {
  const position = parsePosition(asked);
  if (!position) throw invalid(`'${asked}' is no position; answers carry them as X-Netweave-Position.`, header);
  await view.reached(position, AbortSignal.timeout(patience)).catch(() => {
    const message = `This gateway stands at an earlier position than ${asked}; it may be of another store.`;
    throw new Fault('UNAVAILABLE', message, { at: header, retryAfter: 1 });
  });
}
