import { cities } from './cities.js';
import type { Site, Tier } from './api.js';

/** What makes a world: the same plan makes the same world. */
export interface Plan {
  readonly seed: number;
  /** Pieces of equipment (servers, arrays, switches) in it at first. */
  readonly size: number;
  readonly pools: number;
  /** They own some of the edge; everything else is shared. */
  readonly tenants: readonly string[];
}

/** A pool before anybody changed it. */
export interface PlannedPool {
  readonly id: string;
  readonly site: Site;
  readonly purpose: string;
  readonly owner: string | null;
  readonly count: number;
}

const purposes: Readonly<Record<Tier, readonly string[]>> = {
  central: ['core', 'storage', 'gpu'],
  regional: ['cu', 'upf', 'storage'],
  edge: ['vran', 'mec'],
};
const weights: Readonly<Record<string, number>> = { core: 12, storage: 2, gpu: 3, cu: 6, upf: 5, vran: 3, mec: 2 };

/** Pools of a world of `size`, where nobody said how many: 12 for 400, 190 for 100,000. */
export function usualPools(size: number): number {
  return Math.max(3, Math.round(12 * Math.sqrt(size / 400)));
}

/** Seven sites at least, one more for every four pools, as far as there are cities. */
export function planSites(plan: Plan): Site[] {
  const count = Math.min(cities.length, plan.pools, Math.max(7, Math.ceil(plan.pools / 4)));
  return cities.slice(0, count).map((city) => ({ ...city, version: 0, name: `${city.city} ${city.id.toUpperCase()}` }));
}

/** The pools of a plan: the first is the core of the first site and holds most; every other one holds at least something. */
export function planPools(plan: Plan, sites: readonly Site[]): PlannedPool[] {
  const rounds = new Map<string, number>();
  let edges = 0;
  const drafts = Array.from({ length: plan.pools }, (_, at) => {
    const site = sites[at % sites.length]!;
    const round = Math.floor(at / sites.length);
    const purpose = purposes[site.tier][round % purposes[site.tier].length]!;
    const ordinal = (rounds.get(site.id + purpose) ?? 0) + 1;
    rounds.set(site.id + purpose, ordinal);
    const owner = site.tier === 'edge' ? (plan.tenants[edges++ % (plan.tenants.length + 1)] ?? null) : null;
    return { id: `pool-${site.id}-${purpose}-${ordinal}`, site, purpose, owner };
  });
  const counts = share(
    plan.size,
    drafts.map(({ purpose }) => weights[purpose]!),
  );
  return drafts.map((draft, at) => ({ ...draft, count: counts[at]! }));
}

/** Up to 260 for the first, one for each other, and what is left by weight. */
function share(size: number, weight: readonly number[]): number[] {
  const first = Math.min(260, Math.ceil(size * 0.65));
  const each = size - first >= weight.length ? 1 : 0;
  const left = size - first - each * (weight.length - 1);
  const total = weight.reduce((sum, part) => sum + part, 0);
  let seen = 0;
  return weight.map((part, at) => {
    const before = Math.floor((left * seen) / total);
    seen += part;
    return Math.floor((left * seen) / total) - before + (at === 0 ? first : each);
  });
}
