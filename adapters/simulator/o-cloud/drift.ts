import { sequenceOf } from './draw.js';
import { install } from './placement.js';
import { drawnSummary, drawnTags } from './render.js';
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
  /** Places whose equipment is not well, or has a passing tag: the one that was so longest is first to be itself again. */
  readonly ailing: number[];
  readonly tagged: number[];
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
    ailing: [],
    tagged: [],
    vacancy: undefined,
    replaced: 0,
  };
  return () => {
    const lot = drift.draw();
    if (lot < 0.4) changeHealth(drift);
    else if (lot < 0.75) changeTags(drift);
    else if (lot < 0.94) service(drift);
    else if (lot < 0.97) changePool(drift);
    else if (lot < 0.985) changeCluster(drift);
    else replaceServer(drift);
  };
}

function oneOf<T>({ draw }: Drift, from: readonly T[]): T {
  return from[Math.floor(draw() * from.length)]!;
}

interface Placed {
  readonly place: number;
  readonly state: EquipmentState;
}

function at({ estate, roster, spared }: Drift, place: number): Placed | undefined {
  const id = roster[place];
  const state = id === undefined || spared.has(id) ? undefined : estate.get('equipment', id);
  return state && { place, state };
}

function someEquipment(drift: Drift): Placed | undefined {
  for (let attempt = 0; attempt < 16; attempt++) {
    const found = at(drift, Math.floor(drift.draw() * drift.roster.length));
    if (found) return found;
  }
  return undefined;
}

function say({ estate }: Drift, { state }: Placed, said: Said): void {
  estate.put('equipment', { ...state, said: { ...state.said, ...said } });
}

/** Lets what is drawn show again. */
function unsay({ estate }: Drift, { state }: Placed, what: keyof Said): void {
  const said = Object.fromEntries(Object.entries(state.said ?? {}).filter(([name]) => name !== what));
  estate.put('equipment', { ...state, said });
}

/** At most one in 25 is not well. */
function changeHealth(drift: Drift): void {
  const oldest = drift.ailing.length * 25 > drift.roster.length ? at(drift, drift.ailing.shift()!) : undefined;
  if (oldest?.state.said?.health !== undefined) return unsay(drift, oldest, 'health');
  const found = someEquipment(drift);
  if (!found) return;
  drift.ailing.push(found.place);
  const before = found.state.said?.health;
  const failed = before === 'degraded' || (before === undefined && drift.draw() < 0.2);
  say(drift, found, { health: failed ? 'failed' : 'degraded' });
}

/** At most one in 8 has a passing tag. */
function changeTags(drift: Drift): void {
  const oldest = drift.tagged.length * 8 > drift.roster.length ? at(drift, drift.tagged.shift()!) : undefined;
  if (oldest?.state.said?.tags !== undefined) return unsay(drift, oldest, 'tags');
  const found = someEquipment(drift);
  if (!found) return;
  const { state, place } = found;
  const before = state.said?.tags ?? drawnTags(state.model, drift.estate.get('pools', state.pool));
  const fresh = tags.filter((tag) => !before.includes(tag));
  if (fresh.length === 0) return unsay(drift, found, 'tags');
  drift.tagged.push(place);
  say(drift, found, { tags: [...before, oneOf(drift, fresh)] });
}

function service(drift: Drift): void {
  const found = someEquipment(drift);
  if (!found) return;
  const { id, model, said } = found.state;
  const note = oneOf(
    drift,
    notes.filter((each) => !said?.summary?.endsWith(each)),
  );
  say(drift, found, { summary: `${drawnSummary(drift.seed, id, model)}; ${note}` });
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
