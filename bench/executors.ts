import { join } from 'node:path';
import { alternate, median, ratio, type Effort } from './alternate.js';
import { firstGraphql, graphql } from './cases/graphql.js';
import { openWorld, type World } from './world.js';
import type { Generator } from './wrk.js';

/**
 * What compiled documents and repeated answers are worth: the same gateway beside one whose Apollo executes by itself. Ratios,
 * above 1 is better.
 */
export interface Executors {
  readonly name: string;
  /** As the design promises it. */
  readonly least: number;
  readonly cpu: number;
  readonly rate: number;
  /** Server CPU per request, microseconds. */
  readonly compiled: number;
  readonly interpreted: number;
}

export function worthIt({ cpu, rate, least }: Executors): boolean {
  return cpu >= least && rate >= least;
}

export function executorsLine(measured: Executors): string {
  const { name, cpu, rate, compiled, interpreted, least } = measured;
  const costs = `${compiled.toFixed(0)} µs of CPU, ${interpreted.toFixed(0)} µs through Apollo with its own executor`;
  const verdict = worthIt(measured) ? 'holds' : 'MISSED';
  return `${name}: ${costs}; CPU ${cpu.toFixed(2)}, rate ${rate.toFixed(2)}, at least ${least}: ${verdict}`;
}

const flags = ['--import', join(import.meta.dirname, 'default-executor.js')];

/** What is repeated is to be five times as fast, for there is a cache of documents in front of Apollo. */
const compared = [
  { one: graphql, least: 5 },
  { one: firstGraphql, least: 2.5 },
];

/** Measures the GraphQL cases at `compiled`, a world of 100 pools, and at another of the same size. */
export async function measureExecutors(
  wrk: Generator,
  compiled: World,
  size: readonly [resources: number, pools: number],
  effort: Effort,
): Promise<readonly Executors[]> {
  const interpreted = await openWorld(...size, flags);
  try {
    const all: Executors[] = [];
    for (const { one, least } of compared) {
      const asks = await one.asks(compiled.gateway.url);
      const { ours, theirs } = await alternate(
        wrk,
        { ours: { target: { ...compiled.gateway, asks } }, theirs: { target: { ...interpreted.gateway, asks } } },
        effort,
      );
      all.push({
        name: one.name,
        least,
        cpu: ratio(ours, theirs, (one, other) => other.cpu / one.cpu),
        rate: ratio(ours, theirs, (one, other) => one.perSecond / other.perSecond),
        compiled: median(ours.map(({ cpu }) => cpu)),
        interpreted: median(theirs.map(({ cpu }) => cpu)),
      });
    }
    return all;
  } finally {
    await interpreted.close();
  }
}
