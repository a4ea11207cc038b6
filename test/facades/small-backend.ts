import { z } from 'zod';
import type { Connection, NativeEvent, PortCall, Projections, Target, WritePort, Written } from '#adapters/contract.js';
import { defineAdapter } from '#adapters/define.js';

interface Pool {
  name: string;
  description: string;
  site: { readonly oCloudSiteId: string; readonly globalLocationId: string };
  tenant: string | null;
  size: number;
}

type Values = Readonly<Record<string, unknown>>;

const upsert = (name: string, pool: Pool): NativeEvent => ({
  type: 'upsert',
  kind: 'pool',
  identity: name,
  native: { ...pool },
});

/** A backend in memory: pools that can be written, one of a tenant, each with a resource; and a way to a deployment API. */
function connection(
  siteOf: (zone: string | undefined) => Pool['site'],
  idOf: (object: 'ResourcePool' | 'ResourceType', identity: string) => string,
): Connection {
  const site = siteOf(undefined);
  const pools = new Map<string, Pool>();
  for (const name of ['alpha', 'beta', 'gamma', 'delta', 'epsilon'])
    pools.set(name, { name, description: `Pool ${name}`, site, tenant: null, size: 1 });
  pools.set('theirs', { name: 'theirs', description: 'Pool of tenant blue', site, tenant: 'blue', size: 1 });

  const project: Projections = {
    ResourcePool: {
      each: 'pool',
      build: (pool: Pool) => ({
        tenant: pool.tenant,
        value: {
          name: pool.name,
          description: pool.description,
          oCloudId: 'o',
          ...pool.site,
          extensions: { size: pool.size },
        },
      }),
    },
    Resource: {
      each: 'pool',
      build: (pool: Pool, identity: string) => ({
        tenant: pool.tenant,
        value: {
          resourcePoolId: idOf('ResourcePool', identity),
          resourceTypeId: idOf('ResourceType', 'host'),
          description: `Host of ${pool.name}`,
          elements: [],
          tags: ['host'],
          groups: [],
        },
      }),
    },
    DeploymentManager: {
      each: 'cluster',
      build: (name: string) => ({
        tenant: null,
        value: {
          name,
          description: 'A cluster',
          oCloudId: 'o',
          serviceUri: 'https://dms.example',
          supportedLocations: [],
          capabilities: {},
          capacity: {},
          extensions: {
            profileName: 'native_k8sapi',
            profileData: {
              cluster_api_endpoint: 'https://k8s.example',
              cluster_ca_cert: 'a',
              admin_user: 'b',
              admin_client_cert: 'c',
              admin_client_key: 'd',
            },
          },
        },
      }),
    },
  };
  const written = (name: string, event: NativeEvent): Written => ({ events: [event], identity: name });
  const change = (target: Target, patch: Partial<Pool>): Written => {
    const pool = { ...pools.get(target.identity)!, ...patch };
    pools.set(target.identity, pool);
    return written(target.identity, upsert(target.identity, pool));
  };
  const port: WritePort = {
    async create(_call: PortCall, value: Values, tenant) {
      const pool = {
        name: value['name'] as string,
        description: value['description'] as string,
        site,
        tenant,
        size: 0,
      };
      pools.set(pool.name, pool);
      return written(pool.name, upsert(pool.name, pool));
    },
    update: async (_call, target, patch) => change(target, patch as Partial<Pool>),
    scale: async (_call, target, size) => change(target, { size }),
    async delete(_call, target) {
      pools.delete(target.identity);
      return written(target.identity, { type: 'delete', kind: 'pool', identity: target.identity });
    },
  };
  return {
    project,
    ports: { ResourcePool: port },
    async *watch(signal) {
      const full = (kind: string, events: readonly NativeEvent[]): NativeEvent[] => [
        { type: 'begin', kind },
        ...events,
        { type: 'complete', kind },
      ];
      const cluster: NativeEvent = { type: 'upsert', kind: 'cluster', identity: 'edge', native: 'edge' };
      yield {
        events: [
          ...full(
            'pool',
            Array.from(pools, ([name, pool]) => upsert(name, pool)),
          ),
          ...full('cluster', [cluster]),
        ],
      };
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
    async close() {},
  };
}

export const smallBackend = defineAdapter({
  type: 'small',
  title: 'A few pools in memory',
  config: z.strictObject({}),
  mapping: 1,
  connect: async (_config, context) => connection(context.siteOf, context.idOf),
});
