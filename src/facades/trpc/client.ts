import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, type TRPCClient } from '@trpc/client';
import { EventSource, type FetchLike } from 'eventsource';
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
}

/**
 * A client typed end to end: `client.resourcePools.list.query({ first: 10 })`. Calls made together travel together; a
 * subscription (`client.changes.watch.subscribe`) that is cut off resumes behind what it has been told.
 */
export function createClient({ url, token }: ClientOptions): TRPCClient<Router> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  // The browsers' own EventSource sends no header, so no token either.
  const withHeaders: FetchLike = (to, init) => fetch(to, { ...init, headers: { ...init.headers, ...headers } });
  return createTRPCClient<Router>({
    links: [
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: [withPlaces, httpSubscriptionLink({ url, EventSource, eventSourceOptions: { fetch: withHeaders } })],
        false: httpBatchLink({ url, headers, methodOverride: 'POST', maxItems: batchSize }),
      }),
    ],
  });
}
