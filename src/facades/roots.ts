import type { Configuration } from '../platform/config/model.js';
import { servesV2 } from '../platform/config/serves-v2.js';

/** Where something begins, for people. */
export interface Root {
  readonly name: string;
  readonly path: string;
  readonly note?: string;
}

/** What a gateway that serves clients has on its port: told when it starts, and to whoever asks for `/`. */
export function rootsOf(configuration: Pick<Configuration, 'apis' | 'conformance' | 'metrics'>): readonly Root[] {
  const { enabled, listen } = configuration.metrics;
  const v2 = servesV2(configuration);
  const inventory = `/o2ims-infrastructureInventory/${v2 ? 'v2' : 'v1'}`;
  const health = enabled
    ? { name: 'metrics', path: '/metrics', note: 'health: /livez, /readyz?verbose' }
    : { name: 'health', path: '/livez', note: 'and /readyz?verbose' };
  return [
    { name: 'O2 REST', path: inventory, ...(v2 && { note: '(v1 beside it)' }) },
    { name: 'own REST', path: '/netweave/v1' },
    { name: 'GraphQL', path: '/graphql', note: 'open it in a browser for GraphiQL' },
    { name: 'tRPC', path: '/trpc', note: 'for the typed client, netweave/client' },
    { name: 'live', path: '/live', note: 'the O-Cloud changing, in a browser' },
    { name: 'API docs', path: '/docs', note: 'the documents themselves: /openapi' },
    // A port of their own is the operator's, and not for clients.
    ...(listen ? [] : [health]),
  ];
}
