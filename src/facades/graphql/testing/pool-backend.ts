import { z } from 'zod';
import type { NativeEvent, Projected } from '#adapters/contract.js';
import { defineAdapter } from '#adapters/define.js';

type Pool = Omit<Projected<'ResourcePool'>['value'], 'resourcePoolId'>;

/** A backend inside this process that holds pools and can create, change and delete them, but not scale them. */
export const poolBackend = defineAdapter({
  type: 'pools',
  title: 'Pools',
  config: z.object({}),
  mapping: 1,
  connect: (_config, { oCloudId }) => {
    const pools = new Map<string, Pool>();
    const written = (identity: string): NativeEvent => {
      const native = pools.get(identity);
      return native ? { type: 'upsert', kind: 'pool', identity, native } : { type: 'delete', kind: 'pool', identity };
    };
    const answer = (identity: string) => Promise.resolve({ events: [written(identity)], identity });
    return Promise.resolve({
      async *list() {
        const events = [...pools.keys()].map(written);
        yield {
          events: [{ type: 'begin' as const, kind: 'pool' }, ...events, { type: 'complete' as const, kind: 'pool' }],
        };
      },
      pollInterval: 60_000,
      project: {
        ResourcePool: { each: 'pool', build: (value: Pool) => ({ value, tenant: null }) as Projected<'ResourcePool'> },
      },
      ports: {
        ResourcePool: {
          create(_call, { siteIdentity: _unused, ...value }) {
            const identity = `pool-${pools.size + 1}`;
            pools.set(identity, { oCloudSiteId: oCloudId, oCloudId, globalLocationId: 'here', ...value } as Pool);
            return answer(identity);
          },
          update(_call, { identity }, patch) {
            pools.set(identity, { ...pools.get(identity)!, ...patch });
            return answer(identity);
          },
          delete(_call, { identity }) {
            pools.delete(identity);
            return answer(identity);
          },
        },
      },
      close: () => Promise.resolve(),
    });
  },
});
