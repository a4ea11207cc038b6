import { createTRPCClient, httpBatchLink, type TRPCClient } from '@trpc/client';
import { batchSize } from './batch-size.js';
import type { Router } from './router.js';

export type { ErrorData } from './errors.js';
export type { ListOutput, WrittenOutput } from './outputs.js';
export type { Router } from './router.js';

/** Where the gateway's tRPC endpoint is (`https://host/trpc`), and the bearer token to show there. */
export interface ClientOptions {
  readonly url: string;
  readonly token?: string;
}

/** A client typed end to end: `client.resourcePools.list.query({ first: 10 })`. Calls made together travel together. */
export function createClient({ url, token }: ClientOptions): TRPCClient<Router> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return createTRPCClient<Router>({
    links: [httpBatchLink({ url, headers, methodOverride: 'POST', maxItems: batchSize })],
  });
}
