import { Fault, invalid } from '#schema/errors.js';
import { parsePosition, type Position } from '#schema/position.js';
import { Places, sharesOf } from '../platform/shares.js';
import type { View } from '../inventory/view.js';
import { lostInFailover } from '../inventory/waiting.js';
import type { Caller } from '../operations/caller.js';
import { atLeastHeader } from './at-least-header.js';
import type { Serve } from './edge.js';
import { refuseAs } from './refuse-as.js';

const lowerCase = 'x-netweave-at-least';

// A position may be far ahead of any log: who waits for one holds no more than these, and a tenant half of all.
const mostOfPrincipal = 64;
const mostInAll = 512;

interface Parts {
  readonly view: View;
  /** Longest to wait, milliseconds; what is answered then has its own time. */
  readonly deadline: number;
  /** Aborts, with what they are told, for those who wait when the gateway goes away. */
  readonly leaving: AbortSignal;
}

/** Whom answers wait for that are to be true at a position or later; one for all facades, because its bounds are. */
export interface AtLeast {
  /** Reads what is asked for, from where it is named; INVALID for what is no position. */
  asked(text: unknown, at: string): Asked;
  /**
   * Resolves once the view has come to it, undefined when it has already; GONE for one that a failover took away, UNAVAILABLE at
   * the deadline of the wait: the operation behind it has its own.
   */
  reached(asked: Asked, caller: Caller): Promise<void> | undefined;
}

/** Where an answer is to be true at the least, and where in the request that was said. */
export interface Asked {
  readonly position: Position;
  readonly at: string;
}

export function atLeast({ view, deadline, leaving }: Parts): AtLeast {
  const waiting = new Places({ all: mostInAll, ...sharesOf(mostInAll, mostOfPrincipal) });
  const wait = async ({ position, at }: Asked, { principal, signal }: Caller): Promise<void> => {
    waiting.take(principal, () => late('Too many requests wait for a position', at));
    try {
      await view.reached(position, AbortSignal.any([signal, leaving, AbortSignal.timeout(deadline)]));
    } catch (error) {
      throw refusal(error, at);
    } finally {
      waiting.leave(principal);
    }
  };
  return {
    asked(text, at) {
      const position = typeof text === 'string' ? parsePosition(text) : undefined;
      if (!position) throw invalid('This is no position; answers carry them as X-Netweave-Position.', at, 0);
      return { position, at };
    },
    reached: (asked, caller) => (view.has(asked.position) ? undefined : wait(asked, caller)),
  };
}

/** Serves a request once the view has come to where its header asks for. */
export function servingAtLeast({ asked, reached }: AtLeast, serve: Serve): Serve {
  return (request, response, caller) => {
    const text = request.headers[lowerCase];
    if (text === undefined) return serve(request, response, caller);
    let come: Promise<void> | undefined;
    try {
      come = reached(asked(text, atLeastHeader), caller);
    } catch (fault) {
      return refuseAs(request, response, fault as Fault);
    }
    if (!come) return serve(request, response, caller);
    come.then(
      () => serve(request, response, caller),
      // Who has left is answered nothing.
      (fault: unknown) => response.destroyed || refuseAs(request, response, fault as Fault),
    );
  };
}

function refusal(error: unknown, at: string): Fault {
  if (error === lostInFailover) return lost(at);
  return error instanceof Fault ? error : late('This gateway has not come to that position yet', at);
}

function lost(at: string): Fault {
  const message =
    'The log does not hold this position: a failover took away what was written up to it. Read without it, and look what stands.';
  return new Fault('GONE', message, { at });
}

function late(message: string, at: string): Fault {
  return new Fault('UNAVAILABLE', `${message}.`, { at, retryAfter: 1 });
}
