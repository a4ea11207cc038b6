import { componentsOf } from './builds.js';
import { productOf } from './catalogue.js';
import { drawOf, mix, pick } from './draw.js';
import type { ChangeLine, Documents, Equipment, Kind, Pool, Tier } from './api.js';
import type { Change, Estate, EquipmentState, States } from './estate.js';

const duties = ['in service', 'in service', 'in service', 'burn-in passed', 'spare'];

const tierTags: Readonly<Record<Tier, readonly string[]>> = {
  central: ['central'],
  regional: ['regional'],
  edge: ['edge', 'unstaffed'],
};

/** The tags of equipment that nobody tagged. */
export function drawnTags(model: string, pool: Pool | undefined): string[] {
  const { category } = productOf.get(model)!;
  return pool ? [...tierTags[pool.tier], category, pool.purpose] : [category];
}

/** The summary of equipment that nobody described. */
export function drawnSummary(seed: number, id: string, model: string): string {
  const { vendor, name } = productOf.get(model)!;
  return `${vendor} ${name}, ${pick(drawOf(seed, id), 5, duties)}`;
}

/** States as the API shows them: equipment is drawn here, and nowhere stored. */
export interface Renderer {
  document<K extends Kind>(kind: K, state: States[K]): Documents[K];
  change(change: Change): ChangeLine;
}

export function createRenderer(estate: Estate, seed: number): Renderer {
  const document = <K extends Kind>(kind: K, state: States[K]): Documents[K] =>
    (kind === 'equipment'
      ? equipment(seed, state as EquipmentState, estate.get('pools', (state as EquipmentState).pool))
      : state) as Documents[K];
  return {
    document,
    change: ({ sequence, kind, id, state }) =>
      state === undefined
        ? { type: 'drop', sequence, kind, id }
        : { type: 'put', sequence, kind, id, object: document(kind, state) },
  };
}

function equipment(seed: number, state: EquipmentState, pool: Pool | undefined): Equipment {
  const { id, version, model } = state;
  const draw = drawOf(seed, id);
  const suffix = id.slice('eq-'.length);
  const serial = mix(draw, 2).toString(36).toUpperCase().padStart(4, '0').slice(0, 4) + suffix.toUpperCase();
  const site = pool?.site ?? 'none';
  const rack = `${site}-r${String(1 + (mix(draw, 3) % 40)).padStart(2, '0')}`;
  const drawn = {
    assetTag: serial,
    summary: drawnSummary(seed, id, model),
    tags: drawnTags(model, pool),
    groups: [rack, `${site}-feed-${pick(draw, 6, ['a', 'b'])}`],
    health: 'ok' as const,
    locked: false,
    owner: pool?.owner ?? null,
    attributes: {},
  };
  return {
    id,
    version,
    pool: state.pool,
    model,
    hostname: `${state.pool.slice('pool-'.length)}-${suffix}.o-cloud.example`,
    rack,
    unit: 1 + (mix(draw, 4) % 40),
    ...drawn,
    ...state.said,
    components: componentsOf(model, draw, serial),
  };
}
