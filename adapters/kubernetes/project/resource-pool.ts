import type { ConnectContext, GroupProjection } from '../../contract.js';
import { type SlimNode, zoneOf } from '../natives/node.js';
import type { PoolChain } from './pools/chain.js';
import { ownLabelName } from './pools/own-label.js';
import type { Pool } from './pools/pool.js';
import type { ResourcePoolValue } from './values.js';

/** What one node says of its pool; the same object for all nodes that say the same. */
interface Contribution {
  readonly pool: Pool;
  readonly zone: string | undefined;
}

/** Pools are made of the nodes in them (and of pool objects, where a provider has such). Their identity is the pool's key. */
export function projectPools(context: ConnectContext, chain: PoolChain): GroupProjection<'ResourcePool'> {
  const known = new Map<string, Contribution>();
  const shared = (pool: Pool, zone: string | undefined): Contribution => {
    const mark = [pool.extensions['provider'], pool.key, zone].join('\n');
    const contribution = known.get(mark) ?? { pool, zone };
    known.set(mark, contribution);
    return contribution;
  };
  const ofKinds = chain.kinds.map(({ kind, poolOf }) => {
    const contribute = (native: never) => {
      const pool = poolOf(native);
      return [[pool.key, shared(pool, pool.zone)] as const];
    };
    return [kind, contribute] as const;
  });
  return {
    contribute: {
      ...Object.fromEntries(ofKinds),
      Node: (node: SlimNode) => {
        const pool = chain.poolOf(node);
        return [[pool.key, shared(pool, zoneOf(node))]];
      },
    },
    build(_key, contributions) {
      const distinct = [...new Set(contributions as readonly Contribution[])];
      // A provider describes its pool better than the label that moved a node into it.
      const { pool } =
        distinct.find(({ pool: { extensions } }) => extensions['provider'] !== ownLabelName) ?? distinct[0]!;
      const zones = pool.zone === undefined ? [...new Set(distinct.map(({ zone }) => zone))] : [pool.zone];
      const place = placeOf(context, zones);
      const { name, description, extensions } = pool;
      const value: ResourcePoolValue = {
        name,
        description,
        oCloudId: context.oCloudId,
        ...place,
        extensions: { ...extensions },
      };
      return { value, tenant: null };
    },
  };
}

/** The one site of all these zones; the default site for a pool that stretches over several. */
function placeOf(context: ConnectContext, zones: readonly (string | undefined)[]) {
  const places = zones.map((zone) => context.siteOf(zone));
  const isOne = places.every(({ oCloudSiteId }) => oCloudSiteId === places[0]!.oCloudSiteId);
  const place = isOne ? places[0]! : context.siteOf(undefined);
  const location = zones.length === 1 ? zones[0] : undefined;
  return {
    oCloudSiteId: place.oCloudSiteId,
    globalLocationId: place.globalLocationId,
    ...(location === undefined ? {} : { location }),
  };
}
