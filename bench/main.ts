import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Effort } from './alternate.js';
import type { Case } from './cases/case.js';
import { crawl, firstCrawl } from './cases/crawl.js';
import { firstGraphql, graphql } from './cases/graphql.js';
import { firstFilter, indexedFilter, threeRacks } from './cases/indexed-filter.js';
import { notModified } from './cases/not-modified.js';
import { oneResource } from './cases/one-resource.js';
import { page } from './cases/page.js';
import { memory } from './cpu.js';
import { executorsLine, measureExecutors, worthIt } from './executors.js';
import { resourceLists } from './inventory-client.js';
import { kubernetes, manyNodes } from './kubernetes/kubernetes.js';
import { measureManyBackends } from './many-backends.js';
import {
  kept,
  keptTable,
  limitLine,
  limitTable,
  ratioLine,
  ratioTable,
  reached,
  within,
  type Limit,
} from './report.js';
import { measureRow, type Row } from './rows.js';
import { measureScan } from './scan.js';
import { stopAll } from './spawned.js';
import { demonstrationStart, startFromStore } from './starts.js';
import { openWorld, type World } from './world.js';
import { generator, type Generator } from './wrk.js';

const cases: readonly Case[] = [oneResource, page, crawl, indexedFilter, notModified];
const small = { resources: 10_000, pools: 10 } as const;
const large = { resources: 100_000, pools: 10 } as const;

// What a shared machine may take from a ratio: neighbours that fill the caches take more from us than from a server that
// touches next to nothing. 0.95 to 1.74 were measured in CI. A smoke test catches what was lost, no more.
const margin = 0.75;

/** Only the ratios of the rows that have one, quickly; what falls short is measured again, longer, twice before it fails. */
async function smoke(wrk: Generator): Promise<boolean> {
  const world = await openWorld(small.resources, small.pools);
  let failed = 0;
  for (const one of cases) {
    const least = one.target! * margin;
    const holds = ({ ratio: { cpu, rate } }: Row) => cpu >= least && rate >= least;
    let row = await measureRow(wrk, { world }, one, { rounds: 3, seconds: 1 });
    for (let again = 0; again < 2 && !holds(row); again += 1)
      row = await measureRow(wrk, { world }, one, { rounds: 5, seconds: 1 });
    if (!holds(row)) failed += 1;
    const { cpu, rate } = row.ratio;
    const figures = `CPU ${cpu.toFixed(2)}, rate ${rate.toFixed(2)} of a bare server's`;
    console.log(`${holds(row) ? 'ok' : 'FAILED'}: ${row.name}: ${figures} (at least ${least.toFixed(2)})`);
  }
  await world.close();
  console.log(`${cases.length - failed} passed, ${failed} failed`);
  return failed === 0;
}

async function full(wrk: Generator, effort: Effort): Promise<boolean> {
  const worlds = {
    world: await openWorld(small.resources, small.pools),
    large: await openWorld(large.resources, large.pools),
  };
  const rows: Row[] = [];
  for (const one of cases) rows.push(said(ratioLine, await measureRow(wrk, worlds, one, effort, true)));
  const behindRows = [
    said(limitLine, resident(worlds.world, '10,000 resources, behind these rows', 300)),
    said(limitLine, resident(worlds.large, '100,000 resources, behind these rows', 900)),
  ];
  const recorded: Row[] = [];
  for (const one of [firstCrawl, firstFilter, threeRacks])
    recorded.push(said(ratioLine, await measureRow(wrk, { world: worlds.world }, one, effort)));
  const scan = await measureScan(wrk, worlds.large.gateway, large.resources, effort.rounds);
  const limits: Limit[] = [
    { name: 'unindexed filter, for each object looked at', unit: 'ns', measured: scan.perObject, most: 100 },
    { name: 'p99 of other requests while 100,000 are scanned', unit: 'ms', measured: scan.p99, most: 20 },
    resident(worlds.world, '10,000 resources, behind searches that are never the same'),
    resident(worlds.large, '100,000 resources, behind scans'),
  ].map((limit) => said(limitLine, limit));
  limits.unshift(...behindRows);
  await worlds.world.close();
  limits.push(...(await starts(worlds.large)).map((limit) => said(limitLine, limit)));
  await worlds.large.close();
  const hundredPools = await openWorld(small.resources, 100);
  for (const one of [graphql, firstGraphql])
    recorded.push(said(ratioLine, await measureRow(wrk, { world: hundredPools }, one, effort)));
  const executors = await measureExecutors(wrk, hundredPools, [small.resources, 100], effort);
  await hundredPools.close();
  limits.push(...(await manyBackends()).map((limit) => said(limitLine, limit)));

  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]!.model}, ${effort.rounds} rounds of ${effort.seconds} s\n`,
  );
  console.log(
    `${ratioTable([...rows, ...recorded])}\n\n${keptTable(rows)}\n\n${limitTable(limits)}\n\n${executors.map(executorsLine).join('\n')}`,
  );
  return rows.every((row) => reached(row) && kept(row)) && limits.every(within) && executors.every(worthIt);
}

/** Prints what is known: a full run takes long, and may end before its tables. */
function said<T>(line: (of: T) => string, known: T): T {
  console.log(line(known));
  return known;
}

async function manyBackends(): Promise<readonly Limit[]> {
  const { healthy, faulty, p99Ratio } = await measureManyBackends();
  const name = 'p99 with 5 of 20 backends in trouble';
  return [
    { name: 'p99 with 20 healthy backends', unit: 'ms', measured: healthy.p99 },
    { name, unit: 'ms', measured: faulty.p99 },
    { name: `${name}, beside all healthy`, unit: 'times', measured: p99Ratio, most: 1.2 },
  ];
}

function resident({ gateway }: World, name: string, most?: number): Limit {
  const bound = most === undefined ? {} : { most };
  return { name: `resident with ${name}`, unit: 'MB', measured: memory(gateway.pid).resident, ...bound };
}

async function starts({ gateway, site }: World): Promise<readonly Limit[]> {
  const [path] = await resourceLists(gateway.url);
  await gateway.stop();
  const fromStore = await startFromStore(3, site, path!);
  const demonstration = await demonstrationStart(5);
  return [
    { name: 'start to first answer, demonstration', unit: 'ms', measured: demonstration, most: 1500 },
    { name: 'start to first answer, store of 100,000', unit: 'ms', measured: fromStore, most: 3000 },
  ];
}

async function end(wrk: Generator | undefined): Promise<void> {
  await stopAll();
  await wrk?.close();
}

const flag = { type: 'boolean', default: false } as const;
const { values } = parseArgs({ options: { smoke: flag, kubernetes: flag, 'many-nodes': flag } });
const ofKubernetes = values['many-nodes'] ? manyNodes : values.kubernetes ? kubernetes : undefined;
const wrk = ofKubernetes ? undefined : await generator();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void end(wrk).finally(() => process.exit(1)));
try {
  const bench = !wrk ? ofKubernetes!() : values.smoke ? smoke(wrk) : full(wrk, { rounds: 5, seconds: 2 });
  process.exitCode = (await bench) ? 0 : 1;
} finally {
  await end(wrk);
}
