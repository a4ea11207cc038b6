import { alternate, median, ratio, type Contestant, type Effort } from './alternate.js';
import { startBare } from './bare-process.js';
import type { Case } from './cases/case.js';
import { record, spread } from './recorded.js';
import type { World } from './world.js';
import type { Generator, Load } from './wrk.js';

/** Part of another server's speed: 1 is as good, above is better. Medians over the rounds. */
export interface Share {
  /** Server CPU per request: theirs over ours. */
  readonly cpu: number;
  /** Requests per second: ours over theirs. */
  readonly rate: number;
}

/** What a request costs: medians of the rounds. */
export type Cost = Load;

/** What a case costs at the gateway, beside a bare server that sends the same bytes. */
export interface Row {
  readonly name: string;
  readonly target?: number;
  /** Of a body. */
  readonly bytes: number;
  readonly bare: Cost;
  readonly gateway: Cost;
  /** Of the bare server's speed. */
  readonly ratio: Share;
  /** While 50 objects change each second, of the speed without. */
  readonly changing?: Share;
  /** With the larger world, of the speed with the smaller. */
  readonly large?: Share;
}

export interface Worlds {
  readonly world: World;
  /** Beside it, for a comparison. */
  readonly large?: World;
}

/** What the bare server holds of a case that asks for very many different things. */
export const recorded = 200;

/** Measures a case: bare server and gateway in turn, and with `disturbed` the gateway while objects change. */
export async function measureRow(
  wrk: Generator,
  { world, large }: Worlds,
  one: Case,
  effort: Effort,
  disturbed = false,
): Promise<Row> {
  const { gateway } = world;
  const asks = await one.asks(gateway.url);
  const sample = spread(asks, recorded);
  const answers = await record(gateway.url, sample);
  const bare = await startBare(answers);
  const contestants: Record<string, Contestant> = {
    bare: { target: { ...bare, asks: sample } },
    gateway: { target: { ...gateway, asks } },
  };
  if (disturbed) contestants['changing'] = { target: { ...gateway, asks }, disturbance: world.changing };
  if (large) contestants['large'] = { target: { ...large.gateway, asks: await one.asks(large.gateway.url) } };
  try {
    const { bare: theirs, gateway: ours, ...others } = await alternate(wrk, contestants, effort);
    return {
      name: one.name,
      bytes: median(answers.map(({ body }) => body.length)),
      bare: costOf(theirs!),
      gateway: costOf(ours!),
      ratio: shareOf(ours!, theirs!),
      ...(one.target === undefined ? {} : { target: one.target }),
      ...Object.fromEntries(Object.entries(others).map(([name, runs]) => [name, shareOf(runs, ours!)])),
    };
  } finally {
    await bare.stop();
  }
}

function costOf(runs: readonly Load[]): Cost {
  const of = (name: keyof Load) => median(runs.map((run) => run[name]));
  return { cpu: of('cpu'), perSecond: of('perSecond'), p50: of('p50'), p99: of('p99') };
}

export function shareOf(ours: readonly Load[], theirs: readonly Load[]): Share {
  return {
    cpu: ratio(ours, theirs, (one, other) => other.cpu / one.cpu),
    rate: ratio(ours, theirs, (one, other) => one.perSecond / other.perSecond),
  };
}
