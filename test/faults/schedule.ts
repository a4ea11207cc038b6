import { drawFrom, type Draw } from './draw.js';

/** Faults of one lane come one after another; those of different lanes overlap. */
export type Lane = 'gateways' | 'redis' | 'network' | 'consumers' | 'receivers';

interface Trait {
  readonly lane: Lane;
  /** Milliseconds, least and most. */
  readonly lasts: readonly [number, number];
  /** Milliseconds that what was struck needs afterwards until it may be struck again. */
  readonly rest: number;
}

/** Every way in which the harness breaks things. */
export const traits = {
  'kill watcher': { lane: 'gateways', lasts: [200, 3000], rest: 3000 },
  'kill deliverer': { lane: 'gateways', lasts: [200, 3000], rest: 3000 },
  'kill api': { lane: 'gateways', lasts: [200, 3000], rest: 3000 },
  'pause gateway': { lane: 'gateways', lasts: [20_000, 20_000], rest: 1000 },
  'restart primary': { lane: 'redis', lasts: [100, 800], rest: 7000 },
  'lose primary': { lane: 'redis', lasts: [4000, 7000], rest: 7000 },
  'planned failover': { lane: 'redis', lasts: [0, 0], rest: 12_000 },
  'hang primary': { lane: 'redis', lasts: [7000, 10_000], rest: 6000 },
  'no dns': { lane: 'network', lasts: [1000, 4000], rest: 500 },
  'cut o-cloud': { lane: 'network', lasts: [0, 0], rest: 500 },
  'dark o-cloud': { lane: 'network', lasts: [1000, 5000], rest: 500 },
  'pause subscription': { lane: 'consumers', lasts: [500, 6000], rest: 500 },
  'rotate secret': { lane: 'consumers', lasts: [0, 0], rest: 500 },
  'answer 500': { lane: 'receivers', lasts: [300, 3000], rest: 0 },
  'no answer': { lane: 'receivers', lasts: [500, 4000], rest: 0 },
  reset: { lane: 'receivers', lasts: [300, 3000], rest: 0 },
  'half body': { lane: 'receivers', lasts: [300, 3000], rest: 0 },
  'refuse connections': { lane: 'receivers', lasts: [300, 3000], rest: 0 },
} as const satisfies Readonly<Record<string, Trait>>;

export type FaultKind = keyof typeof traits;
export const faultKinds = Object.keys(traits) as readonly FaultKind[];

export interface Fault {
  readonly kind: FaultKind;
  /** Milliseconds since the beginning of the faults. */
  readonly at: number;
  readonly lasts: number;
  /** In [0, 1): which of those that it may strike. */
  readonly pick: number;
}

/** Parts of all faults; receivers have the rest. */
const shares: readonly (readonly [Lane, number])[] = [
  ['gateways', 0.15],
  ['redis', 0.15],
  ['network', 0.2],
  ['consumers', 0.1],
];

export interface Extent {
  readonly count: number;
  /** Milliseconds. */
  readonly span: number;
  /** Faults of this kind alone, which hurry if they have to: what they last and rest shrinks until they fit. */
  readonly only?: FaultKind;
}

/** What is struck when. Pure. Throws RangeError where a lane cannot hold its faults. */
export function scheduleOf(seed: number, { count, span, only }: Extent): readonly Fault[] {
  const draw = drawFrom(seed);
  if (only !== undefined) {
    const { lasts, rest } = traits[only];
    const pace = Math.min(1, span / count / (lasts[1] + rest));
    return Array.from({ length: count }, () => only).map((kind, index) =>
      inSlot(kind, { index, slot: span / count, pace }, draw),
    );
  }
  const counts = shares.map(([lane, share]) => [lane, Math.round(count * share)] as const);
  const rest = count - counts.reduce((sum, [, each]) => sum + each, 0);
  const lanes = [...counts, ['receivers', rest] as const];
  return lanes.flatMap(([lane, each]) => inLane(lane, { count: each, span }, draw)).sort((a, b) => a.at - b.at);
}

/** Each fault has a slot of its own and strikes anywhere in it that leaves time to recover. */
function inLane(lane: Lane, { count, span }: { readonly count: number; readonly span: number }, draw: Draw): Fault[] {
  return dealt(lane, count, draw).map((kind, index) => inSlot(kind, { index, slot: span / count, pace: 1 }, draw));
}

interface Slot {
  readonly index: number;
  /** Milliseconds. */
  readonly slot: number;
  /** Part of what it usually lasts and rests. */
  readonly pace: number;
}

function inSlot(kind: FaultKind, { index, slot, pace }: Slot, draw: Draw): Fault {
  const { lasts: range, rest }: Trait = traits[kind];
  const lasts = Math.floor(draw.between(...range) * pace);
  const spare = slot - lasts - rest * pace;
  if (spare < 0)
    throw new RangeError(`A slot of ${Math.round(slot)} ms is too short for '${kind}': fewer faults, or more time.`);
  return { kind, lasts, at: Math.round(index * slot + draw.part() * spare), pick: draw.part() };
}

/** Kinds of a lane, each as often as the others. */
function dealt(lane: Lane, count: number, draw: Draw): readonly FaultKind[] {
  const deck = faultKinds.filter((kind) => traits[kind].lane === lane);
  const dealt: FaultKind[] = [];
  while (dealt.length < count) dealt.push(...draw.shuffled(deck));
  return dealt.slice(0, count);
}
