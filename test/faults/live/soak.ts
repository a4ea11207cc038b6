import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { drawFrom } from '../draw.js';
import type { Gateway } from '../gateways.js';
import { ask, type Ask } from './asking.js';
import { followAll, type Follower } from './followers.js';
import { setStage, type Stage } from './stage.js';

// `npm run test:faults -- soak`: one gateway under a steady load of clients that come and go; what it holds, at intervals.
const usage = 'npm run test:faults -- soak [--minutes 10] [--every 30]';
const [streams, requests, changes] = [200, 200, 50];
/** A new client in the place of the oldest, this often in milliseconds. */
const changing = 250;
/** A stream is told of something, and at the end of everything, within so many milliseconds, on a machine that is busy too. */
const hearsWithin = 30_000;
/** Refusals of streams that are shown. */
const shown = 20;
/** Of what is held in the second half: more than in the middle by so much is no longer flat. */
const most = { memory: 0.15, handles: 0.1 };

const o2 = '/o2ims-infrastructureInventory/v2';
const asked: readonly Ask[] = [
  { method: 'GET', path: `${o2}/resourcePools` },
  { method: 'GET', path: '/netweave/v1/resources?first=20' },
  { method: 'GET', path: `${o2}/resourceTypes`, alone: true },
];

interface Sample {
  /** Bytes after a full collection, on and off the heap. */
  readonly held: number;
  readonly rss: number;
  readonly descriptors: number;
  readonly timers: number;
  readonly handles: number;
  readonly listeners: number;
}

async function sampleOf(gateway: Gateway): Promise<Sample> {
  const { rss, heap, external, active, listeners } = await gateway.holdings();
  const descriptors = readdirSync(`/proc/${gateway.pid}/fd`).length;
  const { Timeout: timers = 0 } = active;
  const all = Object.values(active).reduce((sum, count) => sum + count, 0);
  return { held: heap + external, rss, descriptors, timers, handles: all - timers, listeners };
}

function show(at: number, { held, rss, descriptors, timers, handles, listeners }: Sample): void {
  const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
  const time = `${Math.round(at / 1000)} s`.padStart(6);
  console.log(
    `${time}  held ${mib(held)}, resident ${mib(rss)}, ${descriptors} descriptors, ${timers} timers, ${handles} handles, at most ${listeners} listeners`,
  );
}

const mean = (samples: readonly Sample[], of: keyof Sample) =>
  samples.reduce((sum, each) => sum + each[of], 0) / Math.max(1, samples.length);

/** What grows: the last quarter of the samples against the one after the first half. */
function growing(samples: readonly Sample[]): readonly string[] {
  const quarter = Math.floor(samples.length / 4);
  if (quarter === 0) return ['too few samples to tell'];
  const [middle, last] = [samples.slice(-2 * quarter, -quarter), samples.slice(-quarter)];
  const of = {
    held: most.memory,
    descriptors: most.handles,
    timers: most.handles,
    handles: most.handles,
    listeners: 0,
  };
  return Object.entries(of).flatMap(([name, allowed]) => {
    const [before, after] = [middle, last].map((each) => mean(each, name as keyof Sample)) as [number, number];
    return after > before * (1 + allowed) + 2 ? [`${name} grew from ${before.toFixed(0)} to ${after.toFixed(0)}`] : [];
  });
}

const seqOf = (position: string) => Number(position.split('.')[0]);

/** Streams that come and go, and what became of those that left. */
function streamsOf(stage: Stage) {
  const draw = drawFrom(1);
  const here: { readonly follower: Follower; readonly came: number }[] = [];
  const refused: string[] = [];
  const silent: string[] = [];
  let [n, again] = [0, 0];
  return {
    refused,
    silent,
    said: () => `${n} streams came, ${again} times one was cut off`,
    async come(count: number): Promise<void> {
      const all = followAll(count, stage.gateways.all[0]!.url, await stage.head(), draw, n);
      n += count;
      here.push(...all.map((follower) => ({ follower, came: performance.now() })));
    },
    /** Resolves when all that are here have heard everything up to what is the end of the log now, or should have. */
    async heard(): Promise<void> {
      const [end, began] = [seqOf(await stage.head()), performance.now()];
      const behind = () => here.filter(({ follower }) => seqOf(follower.heard.at(-1)?.position ?? '0') < end);
      while (behind().length > 0 && performance.now() - began < hearsWithin) await sleep(100);
      silent.push(...behind().map(({ follower }) => follower.name));
    },
    async leave(count: number): Promise<void> {
      for (const { follower, came } of here.splice(0, count)) {
        const { name, errors, heard, connected } = follower;
        refused.push(...errors.map((error) => `${name}: ${error}`));
        if (heard.length === 0 && performance.now() - came >= hearsWithin && !silent.includes(name)) silent.push(name);
        again += Math.max(0, connected - 1);
        await follower.leave();
      }
    },
  };
}

async function main(): Promise<boolean> {
  const options = { minutes: { type: 'string', default: '10' }, every: { type: 'string', default: '30' } } as const;
  const { values } = parseArgs({ options });
  const [minutes, every] = [Number(values.minutes), Number(values.every)];
  if (!(minutes > 0 && every > 0)) throw new RangeError(usage);
  const folder = mkdtempSync(join(tmpdir(), 'netweave-soak-'));
  const stage = await setStage({ folder, seed: 1, gateways: 1, changesPerSecond: changes });
  const [gateway] = stage.gateways.all;
  const followers = streamsOf(stage);
  await followers.come(streams);
  const coming = setInterval(() => void Promise.all([followers.leave(1), followers.come(1)]), changing);
  const asking = ask(gateway!.url, asked, requests);
  const began = performance.now();
  const samples: Sample[] = [];
  let told = 0;
  while (performance.now() - began < minutes * 60_000) {
    await sleep(every * 1000);
    samples.push(await sampleOf(gateway!));
    show(performance.now() - began, samples.at(-1)!);
    for (const fault of asking.failed.slice(told)) console.log(`        failed: ${fault}`);
    told = asking.failed.length;
  }
  clearInterval(coming);
  await asking.stop();
  await followers.heard();
  await followers.leave(Infinity);
  for (const fault of asking.failed.slice(told)) console.log(`        failed: ${fault}`);
  const failed = asking.failed.length;
  const { refused, silent } = followers;
  for (const fault of refused.slice(0, shown)) console.log(`        refused: ${fault}`);
  const faults = [
    ...growing(samples),
    ...(failed > 0 ? [`${failed} requests`] : []),
    ...(refused.length > 0 ? [`${refused.length} times a stream was refused`] : []),
    ...(silent.length > 0
      ? [`${silent.length} streams heard nothing, or not all, in ${hearsWithin / 1000} s, ${silent[0]} first`]
      : []),
    ...stage.gateways.endings,
  ];
  console.log(`${asking.asked} requests, ${failed} failed; ${followers.said()}`);
  for (const fault of faults) console.log(`FAILED: ${fault}`);
  await stage.close();
  if (faults.length === 0) rmSync(folder, { recursive: true });
  return faults.length === 0;
}

process.exit((await main()) ? 0 : 1);
