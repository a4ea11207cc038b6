import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault, invalid } from '#schema/errors.js';
import { parsePosition, type Position } from '#schema/position.js';
import type { View } from '../inventory/view.js';
import { lostInFailover } from '../inventory/waiting.js';
import type { Caller } from '../operations/caller.js';
import type { Serve } from './edge.js';
import { refuseAs } from './refuse-as.js';

/** By which a caller asks for what is true at a position or later: what it wrote through another gateway it reads here. */
export const atLeastHeader = 'X-Netweave-At-Least';
const lowerCase = 'x-netweave-at-least';

// A position may be far ahead of any log: who waits for one holds no more than these.
const mostOfPrincipal = 64;
const mostInAll = 512;

interface Parts {
  readonly view: View;
  /** Longest to wait, milliseconds. */
  readonly deadline: number;
  /** Aborts, with what they are told, for those who wait when the gateway goes away. */
  readonly leaving: AbortSignal;
}

/**
 * Serves a request once the view has come to where it asks for: 400 for what is no position, 410 for one that a failover took
 * away, 503 at the deadline.
 */
export function atLeast({ view, deadline, leaving }: Parts, serve: Serve): Serve {
  const waiting = new Map<string, number>();
  let all = 0;
  const reached = async (position: Position, { principal: { name }, signal }: Caller): Promise<void> => {
    const own = waiting.get(name) ?? 0;
    if (own >= mostOfPrincipal || all >= mostInAll) throw late('Too many requests wait for a position');
    all += 1;
    waiting.set(name, own + 1);
    try {
      await view.reached(position, AbortSignal.any([signal, leaving, AbortSignal.timeout(deadline)]));
    } finally {
      all -= 1;
      const left = waiting.get(name)! - 1;
      if (left > 0) waiting.set(name, left);
      else waiting.delete(name);
    }
  };
  return (request, response, caller) => {
    const asked = request.headers[lowerCase];
    if (asked === undefined) return serve(request, response, caller);
    const position = parsePosition(String(asked));
    if (!position) return refuseAs(request, response, noPosition);
    if (view.has(position)) return serve(request, response, caller);
    reached(position, caller).then(
      () => serve(request, response, caller),
      (error: unknown) => refuse(request, response, error),
    );
  };
}

const lost = new Fault(
  'GONE',
  'The log does not hold this position: a failover took away what was written up to it. Read without it, and look what stands.',
  { at: atLeastHeader },
);
const noPosition = invalid('This is no position; answers carry them as X-Netweave-Position.', atLeastHeader, 0);

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  // Who has left is answered nothing.
  if (response.destroyed) return;
  if (error === lostInFailover) return refuseAs(request, response, lost);
  refuseAs(request, response, error instanceof Fault ? error : late('This gateway has not come to that position yet'));
}

function late(message: string): Fault {
  return new Fault('UNAVAILABLE', `${message}.`, { at: atLeastHeader, retryAfter: 1 });
}
