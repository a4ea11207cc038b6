import { join } from 'node:path';
import { alternate, median, type Effort } from './alternate.js';
import { startBare } from './bare-process.js';
import type { Case } from './cases/case.js';
import { firstGraphql, graphql } from './cases/graphql.js';
import { record, spread } from './recorded.js';
import { recorded, shareOf, type Share } from './rows.js';
import { openWorld, type World } from './world.js';
import type { Generator } from './wrk.js';

/**
 * What compiled documents and repeated answers are worth: the same gateway beside one whose Apollo executes by itself. Ratios,
 * above 1 is better.
 */
export interface Executors extends Share {
  readonly name: string;
  /** As the design promises it. */
  readonly least: number;
  /** Apollo with its own executor, of the speed of a bare server that sends the same bytes. */
  readonly ofBare: Share;
  /** Server CPU per request, microseconds. */
  readonly compiled: number;
  readonly interpreted: number;
}

export function worthIt({ cpu, rate, least }: Executors): boolean {
  return cpu >= least && rate >= least;
}

export function executorsLine(measured: Executors): string {
  const { name, cpu, rate, compiled, interpreted, least, ofBare } = measured;
  const costs = `${compiled.toFixed(0)} µs of CPU, ${interpreted.toFixed(0)} µs through Apollo with its own executor`;
  const verdict = worthIt(measured) ? 'holds' : 'MISSED';
  const bare = `its own executor beside bare Node: CPU ${ofBare.cpu.toFixed(3)}, rate ${ofBare.rate.toFixed(3)}`;
  return `${name}: ${costs}; CPU ${cpu.toFixed(2)}, rate ${rate.toFixed(2)}, at least ${least}: ${verdict}; ${bare}`;
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
    for (const { one, least } of compared)
      all.push({ name: one.name, least, ...(await compare(wrk, { compiled, interpreted }, one, effort)) });
    return all;
  } finally {
    await interpreted.close();
  }
}

async function compare(
  wrk: Generator,
  { compiled, interpreted }: Readonly<Record<'compiled' | 'interpreted', World>>,
  one: Case,
  effort: Effort,
): Promise<Omit<Executors, 'name' | 'least'>> {
  const asks = await one.asks(compiled.gateway.url);
  const sample = spread(asks, recorded);
  const bare = await startBare(await record(interpreted.gateway.url, sample));
  const contestants = {
    ours: { target: { ...compiled.gateway, asks } },
    theirs: { target: { ...interpreted.gateway, asks } },
    bare: { target: { ...bare, asks: sample } },
  };
  try {
    const { ours, theirs, bare: barest } = await alternate(wrk, contestants, effort);
    return {
      ...shareOf(ours, theirs),
      ofBare: shareOf(theirs, barest),
      compiled: median(ours.map(({ cpu }) => cpu)),
      interpreted: median(theirs.map(({ cpu }) => cpu)),
    };
  } finally {
    await bare.stop();
  }
}
