import type { IncomingMessage } from 'node:http';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import type { RequestHandler } from 'express';
import { Fault } from '#schema/errors.js';
import type { View } from '../../inventory/view.js';
import type { Caller, Gate } from '../../operations/gate.js';
import type { Operation } from '../../operations/operation.js';
import { answerHeaders } from '../answer-headers.js';
import { queryIn } from '../percent.js';
import { batchSize } from './batch-size.js';
import { faultOf } from './errors.js';
import { trpcRouter } from './router.js';
import { StreamConnection } from './stream-connection.js';
import type { LiveParts } from './watch.js';

/** What a facade behind Express works with. */
export interface FacadeParts {
  readonly gate: Gate;
  readonly view: View;
  readonly operations: readonly Operation[];
  /** The caller that the edge identified for this request. */
  callerOf(request: IncomingMessage): Caller;
  /** Largest request body. */
  readonly bodyBytes: number;
  /** A fault of the facade itself: shown to the operator, withheld from the caller. */
  unforeseen(error: unknown, caller: Caller): void;
}

function inputIn(url: string): string | undefined {
  return new URLSearchParams(queryIn(url)).get('input') ?? undefined;
}

/** The tRPC endpoint, to be mounted at `/trpc`. */
export function trpcFacade(parts: FacadeParts & { readonly live: LiveParts }): RequestHandler {
  const serve = createExpressMiddleware({
    router: trpcRouter(parts),
    createContext: ({ req, res }) => ({
      caller: parts.callerOf(req),
      answers: [],
      streaming: () => new StreamConnection(req, res, parts.callerOf(req).principal),
      sentInput: () => inputIn(req.url),
    }),
    maxBodySize: parts.bodyBytes,
    maxBatchSize: batchSize,
    // A filter may be longer than a URL, so queries may come by POST.
    allowMethodOverride: true,
    onError({ error, ctx }) {
      // What the gate calls INTERNAL it has shown to the operator itself.
      if (ctx && !(error.cause instanceof Fault) && faultOf(error).code === 'INTERNAL')
        parts.unforeseen(error.cause ?? error, ctx.caller);
    },
    responseMeta({ ctx, errors, eagerGeneration }) {
      const wait = Math.max(0, ...errors.map((error) => faultOf(error).detail.retryAfter ?? 0));
      const headers: Record<string, string> = { 'Cache-Control': 'no-store', ...answerHeaders(ctx?.answers ?? []) };
      if (wait > 0) headers['Retry-After'] = String(wait);
      // The library calls its JSON plain text where it refuses before any procedure is found.
      if (errors.length > 0 && !eagerGeneration) headers['Content-Type'] = 'application/json';
      return { headers };
    },
  });
  return (request, response, next) => {
    // The library names no type when it cannot make a URL of the request.
    response.setHeader('Content-Type', 'application/json');
    serve(request, response, next);
  };
}
