import type { Disturbance } from './changes.js';
import type { Generator, Load, Target } from './wrk.js';

/** One of those who are compared. */
export interface Contestant {
  readonly target: Target;
  /** Runs alongside. */
  readonly disturbance?: Disturbance;
}

export interface Effort {
  readonly rounds: number;
  /** Of each run, whole seconds. */
  readonly seconds: number;
}

/** Loads the contestants in turn, round by round, so that what else the machine does hits all alike. Runs by name. */
export async function alternate<Name extends string>(
  generator: Generator,
  contestants: Readonly<Record<Name, Contestant>>,
  { rounds, seconds }: Effort,
): Promise<Readonly<Record<Name, readonly Load[]>>> {
  const runs = Object.fromEntries(Object.keys(contestants).map((name) => [name, [] as Load[]])) as Record<Name, Load[]>;
  const all = Object.entries(contestants) as [Name, Contestant][];
  for (const [, { target }] of all) await warmUp(generator, target);
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, { target, disturbance }] of all) {
      const disturbing = await disturbance?.();
      runs[name].push(await generator.load(target, seconds));
      await disturbing?.stop();
    }
  }
  return runs;
}

// Code that has answered fewer is still being compiled, which on a busy machine made a figure three times too dear.
const warm = 20_000;
const longestWarmUp = 10;

async function warmUp(generator: Generator, target: Target): Promise<void> {
  let answered = 0;
  for (let second = 0; second < longestWarmUp && answered < warm; second += 1)
    answered += (await generator.load(target, 1)).perSecond;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median of what `of` says of each round. */
export function ratio(these: readonly Load[], those: readonly Load[], of: (a: Load, b: Load) => number): number {
  return median(these.map((each, round) => of(each, those[round]!)));
}
