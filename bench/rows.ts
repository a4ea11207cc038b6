import { alternate, median, ratio, type Contestant, type Effort } from './alternate.js';
import { startBare } from './bare-process.js';
import type { Case } from './cases/case.js';
import { record, spread } from './recorded.js';
import type { World } from './world.js';
import type { Generator, Load } from './wrk.js';

/** What a case costs at the gateway, beside a bare server that sends the same bytes. Medians of the rounds. */
export interface Figures {
  /** Server CPU per request, microseconds. */
  readonly cpu: number;
  readonly perSecond: number;
  readonly p99: number;
  /** Of the bare server, in pairs of alternating runs: above 1 the gateway would be cheaper. */
  readonly cpuRatio: number;
  readonly rateRatio: number;
}

export interface Row {
  readonly name: string;
  readonly target?: number;
  readonly bytes: number;
  readonly bareCpu: number;
  readonly idle: Figures;
  /** While 50 objects change each second. */
  readonly changing?: Figures;
}

const recorded = 200;

/** Measures a case against a bare server, in turn; `disturbed` adds the runs while objects change. */
export async function measureRow(
  wrk: Generator,
  world: World,
  one: Case,
  effort: Effort,
  disturbed: boolean,
): Promise<Row> {
  const { url, pid } = world.gateway;
  const asks = await one.asks(url);
  const sample = spread(asks, recorded);
  const answers = await record(url, sample);
  const bare = await startBare(answers);
  try {
    const gateway = { target: { pid, url, asks } };
    const contestants: Record<string, Contestant> = { bare: { target: { ...bare, asks: sample } }, idle: gateway };
    if (disturbed) contestants['changing'] = { ...gateway, disturbance: world.changing };
    const runs = await alternate(wrk, contestants, effort);
    return {
      name: one.name,
      bytes: median(answers.map(({ body }) => body.length)),
      bareCpu: median(runs['bare']!.map(({ cpu }) => cpu)),
      idle: figures(runs['idle']!, runs['bare']!),
      ...(one.target === undefined ? {} : { target: one.target }),
      ...(runs['changing'] ? { changing: figures(runs['changing'], runs['bare']!) } : {}),
    };
  } finally {
    await bare.stop();
  }
}

function figures(runs: readonly Load[], bare: readonly Load[]): Figures {
  return {
    cpu: median(runs.map(({ cpu }) => cpu)),
    perSecond: median(runs.map(({ perSecond }) => perSecond)),
    p99: median(runs.map(({ p99 }) => p99)),
    cpuRatio: ratio(runs, bare, (ours, theirs) => theirs.cpu / ours.cpu),
    rateRatio: ratio(runs, bare, (ours, theirs) => ours.perSecond / theirs.perSecond),
  };
}
