import { sequenceOf } from './draw.js';
import { install } from './placement.js';
import { drawnTags } from './render.js';
import type { Health } from './api.js';
import type { Estate, EquipmentState, Said } from './estate.js';

const tags = ['maintenance', 'canary', 'audited', 'energy-saving', 'firmware-due'];
const notes = [
  'cabling checked',
  'moved to spare parts contract B',
  'fan tray replaced',
  'BIOS settings at baseline 24.2',
  'inspected on site',
];
const releases = ['1.31.9', '1.32.5', '1.33.1', '1.33.3', '1.34.0'];
const windows = ['Sun 01:00-04:00', 'Tue 02:00-05:00', 'Sat 23:00-02:00'];

/** What the generator draws from. `roster` are the places of equipment; what users wrote (`spared`) is left alone. */
interface Drift {
  readonly estate: Estate;
  readonly seed: number;
  readonly spared: ReadonlySet<string>;
  readonly draw: () => number;
  readonly roster: string[];
  readonly pools: readonly string[];
  readonly clusters: readonly string[];
  /** A place whose server was taken out. */
  vacancy: { readonly place: number; readonly pool: string } | undefined;
  replaced: number;
}

/**
 * What happens in an O-Cloud when nobody writes to it, one change a call, drawn from the seed: mostly health, tags and
 * descriptions of equipment; now and then a pool or a cluster; rarely a server goes and, later, its replacement comes.
 */
export function createDrift(estate: Estate, seed: number, spared: ReadonlySet<string>): () => void {
  const drift: Drift = {
    estate,
    seed,
    spared,
    draw: sequenceOf(seed ^ 0x5eed),
    roster: [...estate.all('equipment')].map(({ id }) => id),
    pools: [...estate.all('pools')].map(({ id }) => id),
    clusters: [...estate.all('clusters')].map(({ id }) => id),
    vacancy: undefined,
    replaced: 0,
  };
  return () => {
    const lot = drift.draw();
    if (lot < 0.45) say(drift, ({ health = 'ok' }) => ({ health: nextHealth(health, drift.draw()) }));
    else if (lot < 0.75)
      say(drift, (said, state) => ({ tags: toggled(said.tags ?? tagsOf(estate, state), oneOf(drift, tags)) }));
    else if (lot < 0.94)
      say(drift, ({ summary }) => ({
        summary: `Serviced: ${oneOf(
          drift,
          notes.filter((note) => !summary?.endsWith(note)),
        )}`,
      }));
    else if (lot < 0.97) changePool(drift);
    else if (lot < 0.985) changeCluster(drift);
    else replaceServer(drift);
  };
}

function oneOf<T>({ draw }: Drift, from: readonly T[]): T {
  return from[Math.floor(draw() * from.length)]!;
}

function someEquipment(drift: Drift): { place: number; state: EquipmentState } | undefined {
  const { estate, roster, spared } = drift;
  for (let attempt = 0; attempt < 16; attempt++) {
    const place = Math.floor(drift.draw() * roster.length);
    const id = roster[place];
    const state = id === undefined || spared.has(id) ? undefined : estate.get('equipment', id);
    if (state) return { place, state };
  }
  return undefined;
}

function say(drift: Drift, what: (said: Said, state: EquipmentState) => Said): void {
  const { state } = someEquipment(drift) ?? {};
  if (!state) return;
  const said = state.said ?? {};
  drift.estate.put('equipment', { ...state, said: { ...said, ...what(said, state) } });
}

function replaceServer(drift: Drift): void {
  const { estate, seed, vacancy, roster } = drift;
  if (vacancy) {
    const pool = estate.get('pools', vacancy.pool);
    const id = replacementId(drift);
    drift.vacancy = undefined;
    roster[vacancy.place] = id;
    if (pool) install(estate, seed, pool, { id });
    return;
  }
  const found = someEquipment(drift);
  if (!found) return;
  drift.vacancy = { place: found.place, pool: found.state.pool };
  estate.drop('equipment', found.state.id);
}

/** Counted, so that the same seed makes the same; what users already wrote to has its number taken. */
function replacementId(drift: Drift): string {
  let id: string;
  do id = `eq-d${(++drift.replaced).toString(36)}`;
  while (drift.spared.has(id));
  return id;
}

function changePool(drift: Drift): void {
  const pool = drift.estate.get('pools', oneOf(drift, drift.pools));
  if (!pool || drift.spared.has(pool.id)) return;
  const others = windows.filter((window) => window !== pool.attributes['maintenanceWindow']);
  drift.estate.put('pools', { ...pool, attributes: { ...pool.attributes, maintenanceWindow: oneOf(drift, others) } });
}

function changeCluster(drift: Drift): void {
  const cluster = drift.estate.get('clusters', oneOf(drift, drift.clusters));
  if (!cluster) return;
  const others = releases.filter((release) => release !== cluster.kubernetes);
  drift.estate.put('clusters', { ...cluster, kubernetes: oneOf(drift, others) });
}

function tagsOf(estate: Estate, { model, pool }: EquipmentState): string[] {
  return drawnTags(model, estate.get('pools', pool));
}

function nextHealth(health: Health, lot: number): Health {
  if (health !== 'ok') return 'ok';
  return lot < 0.8 ? 'degraded' : 'failed';
}

function toggled(before: readonly string[], tag: string): string[] {
  return before.includes(tag) ? before.filter((other) => other !== tag) : [...before, tag];
}
