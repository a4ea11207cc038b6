import type { Effort } from './alternate.js';
import { crawl, firstCrawl } from './cases/crawl.js';
import type { Case } from './cases/case.js';
import { graphql } from './cases/graphql.js';
import { indexedFilter } from './cases/indexed-filter.js';
import { notModified } from './cases/not-modified.js';
import { oneResource } from './cases/one-resource.js';
import { page } from './cases/page.js';
import { memory } from './cpu.js';
import { measureRow, type Row } from './rows.js';
import { measureScan } from './scan.js';
import { stopAll } from './spawned.js';
import { measureStarts } from './starts.js';
import { openWorld } from './world.js';
import { generator, type Generator } from './wrk.js';

const cases: readonly Case[] = [oneResource, page, crawl, indexedFilter, notModified];
// What a shared machine takes from a ratio at most; smoke gates catch a lost cache, not a lost percent.
const noise = 0.8;

function line(row: Row): string {
  const target = row.target === undefined ? 'recorded' : `>= ${row.target}`;
  const { idle, changing } = row;
  const while50 = changing ? ` ${changing.cpuRatio.toFixed(2)} / ${changing.rateRatio.toFixed(2)} |` : '';
  const cpu = `${row.bareCpu.toFixed(1)} / ${idle.cpu.toFixed(1)}`;
  return `| ${row.name} | ${row.bytes} | ${target} | ${idle.cpuRatio.toFixed(2)} / ${idle.rateRatio.toFixed(2)} |${while50} ${cpu} | ${Math.round(idle.perSecond)} | ${idle.p99.toFixed(1)} |`;
}

function reached({ target, idle }: Row): boolean {
  return target === undefined || (idle.cpuRatio >= target * noise && idle.rateRatio >= target * noise);
}

/** Ratios only, quickly; a row that falls short is measured once more before it fails. */
async function smoke(wrk: Generator): Promise<boolean> {
  const world = await openWorld(10_000, 10);
  let failed = 0;
  for (const one of cases) {
    let row = await measureRow(wrk, world, one, { rounds: 3, seconds: 1 }, false);
    if (!reached(row)) row = await measureRow(wrk, world, one, { rounds: 7, seconds: 1 }, false);
    if (!reached(row)) failed += 1;
    console.log(`${reached(row) ? 'ok    ' : 'FAILED'} ${line(row)}`);
  }
  await world.close();
  console.log(`${cases.length - failed} passed, ${failed} failed`);
  return failed === 0;
}

async function table(wrk: Generator, resources: number, pools: number, effort: Effort): Promise<void> {
  const world = await openWorld(resources, pools);
  console.log(`\n${resources} resources in ${pools} pools; gateway / bare: CPU ratio / rate ratio\n`);
  console.log('| case | bytes | target | idle | 50 changes/s | bare / gateway us | requests/s | p99 ms |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const one of [...cases, firstCrawl]) console.log(line(await measureRow(wrk, world, one, effort, true)));
  const { resident, most } = memory(world.gateway.pid);
  console.log(`\nresident ${Math.round(resident)} MB, at most ${Math.round(most)} MB`);
  const scan = await measureScan(world, resources);
  console.log(
    `unindexed filter: ${scan.perObject.toFixed(0)} ns per object; others' p99 meanwhile ${scan.p99.toFixed(1)} ms`,
  );
  await world.close();
}

async function full(wrk: Generator): Promise<boolean> {
  const effort = { rounds: 5, seconds: 2 };
  await table(wrk, 10_000, 10, effort);
  await table(wrk, 100_000, 100, effort);
  const world = await openWorld(1_000, 100);
  console.log(line(await measureRow(wrk, world, graphql, effort, false)));
  await world.close();
  const starts = await measureStarts(100_000, 100);
  console.log(
    `\nstart to first answer: demonstration ${Math.round(starts.demonstration)} ms, from a store of ${starts.resources} ${Math.round(starts.fromStore)} ms (resident ${Math.round(starts.resident)} MB after its first sync)`,
  );
  return true;
}

const wrk = await generator();
try {
  process.exitCode = (await (process.argv.includes('--smoke') ? smoke(wrk) : full(wrk))) ? 0 : 1;
} finally {
  await stopAll();
  await wrk.close();
}
