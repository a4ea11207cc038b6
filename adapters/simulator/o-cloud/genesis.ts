import { modelFor } from './builds.js';
import { catalogue, productOf } from './catalogue.js';
import { drawOf, pick } from './draw.js';
import { planPools, planSites, type Plan, type PlannedPool } from './plan.js';
import type { Estate } from './estate.js';

const words: Readonly<Record<string, string>> = {
  core: 'Core network functions',
  storage: 'Block storage',
  gpu: 'Inference and training',
  cu: 'Centralised units',
  upf: 'User plane functions',
  vran: 'Distributed units',
  mec: 'Edge applications',
};

/** Id of the nth piece of equipment of a world. */
function equipmentId(ordinal: number): string {
  return `eq-${ordinal.toString(36).padStart(5, '0')}`;
}

/** Fills an estate with what a plan makes. */
export function settleWorld(estate: Estate, plan: Plan): void {
  const sites = planSites(plan);
  for (const site of sites) estate.settle('sites', site);
  for (const product of catalogue) estate.settle('models', product);
  let ordinal = 0;
  for (const pool of planPools(plan, sites)) {
    settlePool(estate, plan, pool);
    for (let place = 0; place < pool.count; place++) {
      const id = equipmentId(ordinal++);
      estate.settle('equipment', {
        id,
        pool: pool.id,
        model: modelFor(pool.site.tier, pool.purpose, place, drawOf(plan.seed, id)),
      });
    }
    if (pool.count >= 3 && pool.purpose !== 'storage') settleCluster(estate, plan, pool);
  }
}

function settlePool(estate: Estate, plan: Plan, { id, site, purpose, owner }: PlannedPool): void {
  estate.settle('pools', {
    id,
    name: id.slice('pool-'.length),
    summary: `${words[purpose]} in ${site.city}`,
    site: site.id,
    tier: site.tier,
    purpose,
    place: placeOf(site),
    owner,
    attributes: { powerFeed: pick(drawOf(plan.seed, id), 1, ['A+B', 'A+B', 'A']) },
  });
}

/** A place in words. */
export function placeOf(site: { readonly city: string; readonly country: string }): string {
  return `${site.city}, ${site.country}`;
}

function settleCluster(estate: Estate, plan: Plan, pool: PlannedPool): void {
  const name = pool.id.slice('pool-'.length);
  const nodes = Math.min(64, pool.count);
  const draw = drawOf(plan.seed, `cluster-${name}`);
  const cores = productOf.get(pool.site.tier === 'edge' ? 'intel-6433n' : 'intel-8470n')!.specs['cores'] as number;
  estate.settle('clusters', {
    id: `cluster-${name}`,
    name,
    summary: `Kubernetes for ${words[pool.purpose]!.toLowerCase()} in ${pool.site.city}`,
    site: pool.site.id,
    pool: pool.id,
    owner: pool.owner,
    endpoint: `https://api.${name}.o-cloud.example:6443`,
    kubernetes: pick(draw, 1, ['1.31.6', '1.32.3', '1.33.1']),
    nodes,
    cores: nodes * cores * (pool.site.tier === 'edge' ? 1 : 2),
    memoryGiB: nodes * (pool.site.tier === 'edge' ? 256 : 512),
    accessSecret: `o-cloud/${name}-access`,
    user: 'o2-admin',
  });
}
