import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, type TRPCClient } from '@trpc/client';
import { EventSource, type FetchLike } from 'eventsource';
import { atLeastHeader } from '../at-least-header.js';
import { batchSize } from './batch-size.js';
import { withPlaces } from './places.js';
import type { Router } from './router.js';

export type { ErrorData } from './errors.js';
export type { ListOutput, WrittenOutput } from './outputs.js';
export type { Happened } from './watch.js';
export type { Router } from './router.js';

/** Where the gateway's tRPC endpoint is (`https://host/trpc`), and the bearer token to show there. */
export interface ClientOptions {
  readonly url: string;
  readonly token?: string;
  /**
   * Asked before each request: the position that it is to be true at the least, such as that of the last write (`position`), which
   * another gateway may have answered.
   */
  readonly atLeast?: () => string | undefined;
}

/**
 * A client typed end to end: `client.resourcePools.list.query({ first: 10 })`. Calls made together travel together; a
 * subscription (`client.changes.watch.subscribe`) that is cut off resumes behind what it has been told.
 */
export function createClient({ url, token, atLeast }: ClientOptions): TRPCClient<Router> {
  const headers = (): Record<string, string> => {
    const position = atLeast?.();
    return {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(position === undefined ? {} : { [atLeastHeader]: position }),
    };
  };
  return createTRPCClient<Router>({
    links: [
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: [
          withPlaces,
          httpSubscriptionLink({ url, EventSource, eventSourceOptions: { fetch: streaming(headers) } }),
        ],
        false: httpBatchLink({ url, headers, methodOverride: 'POST', maxItems: batchSize }),
      }),
    ],
  });
}

/**
 * The EventSource of browsers sends no header, so no token either, and Node has none; this one is made of `fetch`. A status but
 * 200 ends it for good, so one that passes (a gateway starts, a proxy finds none) is told to it as a connection that failed.
 */
function streaming(own: () => Readonly<Record<string, string>>): FetchLike {
  return async (url, { headers, ...init }) => {
    const response = await fetch(url, { ...init, headers: { ...headers, ...own() } });
    if (response.status !== 429 && response.status < 500) return response;
    await response.body?.cancel();
    throw new Error(`The gateway answered ${response.status}.`);
  };
}
