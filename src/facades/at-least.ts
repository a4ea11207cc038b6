import { Fault, invalid } from '#schema/errors.js';
import { parsePosition } from '#schema/position.js';
import type { View } from '../inventory/view.js';
import type { Serve } from './edge.js';
import { refuseAs } from './refuse-as.js';

/** Asks for an answer that is true at least up to a position: who wrote through another gateway reads what it wrote. */
const header = 'X-Netweave-At-Least';

/** Longest that this gateway may be behind, milliseconds. */
const patience = 5000;

/** Serves a request when the position that it asks for has been reached, or refuses it. */
export function atLeast(view: View, serve: Serve): Serve {
  return (request, response, caller) => {
    const asked = request.headers['x-netweave-at-least'];
    if (asked === undefined) return serve(request, response, caller);
    reached(view, String(asked)).then(
      () => serve(request, response, caller),
      (fault: Fault) => refuseAs(request, response, fault),
    );
  };
}

async function reached(view: View, asked: string): Promise<void> {
  const position = parsePosition(asked);
  if (!position) throw invalid(`'${asked}' is no position; answers carry them as X-Netweave-Position.`, header);
  await view.reached(position, AbortSignal.timeout(patience)).catch(() => {
    const message = `This gateway stands at an earlier position than ${asked}; it may be of another store.`;
    throw new Fault('UNAVAILABLE', message, { at: header, retryAfter: 1 });
  });
}
