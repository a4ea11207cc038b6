import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { drawFrom, type Draw } from '../draw.js';
import { ask, type Ask, type Asking } from './asking.js';
import { followAll, type Follower } from './followers.js';
import { judge, type Judgement } from './judge.js';
import { setStage, type Stage } from './stage.js';

// `npm run test:faults -- live`: see ../readme.md.
const usage = 'npm run test:faults -- live [--seed N] [--restarts 10] [--streams 100] [--requests 200] [--changes 10]';

/** Whatever hangs. */
const limit = 4 * 60_000;
/** For a gateway to go, and for one to come. */
const within = 30_000;

interface Order {
  readonly seed: number;
  readonly restarts: number;
  readonly streams: number;
  /** A second. */
  readonly requests: number;
  /** A second. */
  readonly changes: number;
}

function orderFrom(args: readonly string[]): Order {
  const number = { type: 'string' } as const;
  const options = { seed: number, restarts: number, streams: number, requests: number, changes: number };
  const { values } = parseArgs({ args: [...args], options });
  const order = {
    seed: Number(values.seed ?? Math.floor(Math.random() * 2 ** 31)),
    restarts: Number(values.restarts ?? 10),
    streams: Number(values.streams ?? 100),
    requests: Number(values.requests ?? 200),
    changes: Number(values.changes ?? 10),
  };
  if (Object.values(order).some((each) => !Number.isFinite(each) || each < 0)) throw new RangeError(usage);
  return order;
}

const o2 = '/o2ims-infrastructureInventory/v2';
const graphql = JSON.stringify({ query: '{ resourcePools(first: 5) { nodes { resourcePoolId name } } }' });
const kept: readonly Ask[] = [
  { method: 'GET', path: `${o2}/resourcePools` },
  { method: 'GET', path: `${o2}/resourceTypes` },
  { method: 'GET', path: '/netweave/v1/resources?first=20' },
  { method: 'POST', path: '/graphql', body: graphql },
  { method: 'GET', path: '/netweave/v1/oCloud' },
];
/** One in eleven comes on a new connection, to whichever gateway takes it, also to one that has just been started. */
const asked: readonly Ask[] = [...kept, ...kept, { ...kept[0]!, alone: true }];

/** One after the other, SIGTERM and a new start; milliseconds each took to end. */
async function restartAll({ gateways }: Stage, order: Order, draw: Draw, log: (line: string) => void) {
  const ends: number[] = [];
  for (let n = 0; n < order.restarts; n += 1) {
    const gateway = gateways.all[n % gateways.all.length]!;
    await sleep(draw.between(500, 2000));
    log(`${gateway.name} is asked to end`);
    const began = performance.now();
    const code = await bounded(gateway.stop(), `${gateway.name} did not end`);
    ends.push(performance.now() - began);
    if (code !== 0) throw new Error(`${gateway.name} ended with ${code}.`);
    log(`${gateway.name} ended after ${Math.round(ends.at(-1)!)} ms`);
    await sleep(draw.between(0, 500));
    gateway.start();
    await gateways.ready(within);
    log(`${gateway.name} is ready again`);
  }
  return ends;
}

function bounded<T>(work: Promise<T>, otherwise: string): Promise<T> {
  const late = sleep(within, undefined, { ref: false }).then(() => {
    throw new Error(`${otherwise} within ${within / 1000} s.`);
  });
  return Promise.race([work, late]);
}

/** Until all have been told the last entry, or are not any more. */
async function heardUpTo(last: string, followers: readonly Follower[]): Promise<void> {
  const giveUp = Date.now() + within;
  const missing = () => followers.some(({ heard }) => !heard.some(({ position }) => position === last));
  while (missing() && Date.now() < giveUp) await sleep(100);
}

interface Outcome {
  readonly asking: Asking;
  readonly followers: readonly Follower[];
  readonly ends: readonly number[];
  readonly judgement: Judgement;
  readonly entries: number;
  readonly untaken: number;
  readonly endings: readonly string[];
}

async function play(stage: Stage, order: Order, log: (line: string) => void): Promise<Outcome> {
  const draw = drawFrom(order.seed);
  const { balancer, gateways } = stage;
  const start = await stage.head();
  const followers = followAll(order.streams, balancer.url, start, drawFrom(order.seed + 1));
  const asking = ask(balancer.url, asked, order.requests);
  await sleep(2000);
  const ends = await restartAll(stage, order, draw, log);
  await sleep(1000);
  await asking.stop();
  const last = (await stage.log(start, await stage.head())).at(-1)!;
  await heardUpTo(last, followers);
  await Promise.all(followers.map((each) => each.leave()));
  // Some were told more already.
  const entries = await stage.log(start, last);
  const end = Number(last.split('.')[0]);
  const upTo = followers.map(({ name, heard }) => ({
    name,
    heard: heard.filter(({ position }) => Number(position.split('.')[0]) <= end),
  }));
  const judgement = judge(entries, upTo);
  return {
    asking,
    followers,
    ends,
    judgement,
    entries: entries.length,
    untaken: balancer.untaken(),
    endings: gateways.endings,
  };
}

/** Prints what came of it; false when it fails. */
function report({ asking, followers, ends, judgement, entries, untaken, endings }: Outcome): boolean {
  const { counts, first, events } = judgement;
  const reconnected = followers.reduce((sum, { connected }) => sum + connected - 1, 0);
  const errors = followers.flatMap((each) => each.errors.map((error) => `${each.name}: ${error}`));
  const times = asking.times.toSorted((a, b) => a - b);
  const at = (part: number) => `${(times[Math.floor(part * (times.length - 1))] ?? 0).toFixed(1)} ms`;
  const longest = Math.round(Math.max(0, ...ends));
  console.log(`  ${ends.length} restarts, the slowest end took ${longest} ms; ${untaken} connections nobody took`);
  console.log(
    `  ${asking.asked} requests: ${asking.failed.length} failed, ${asking.repeated} repeated by their client`,
  );
  console.log(`  answered within p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`);
  console.log(`  ${followers.length} streams of ${entries} entries: ${events} told, ${reconnected} resumes`);
  console.log(`  ${Object.entries(counts).map(([rule, count]) => `${count} ${rule}`).join(', ')}`); // prettier-ignore
  const faults = [
    ...endings.map((each) => `ended by itself: ${each}`),
    ...asking.failed.slice(0, 10),
    ...errors.slice(0, 10),
    ...(first ? [`${first.rule}: ${first.stream} at ${first.position}`] : []),
    ...(entries === 0 || reconnected < Math.min(followers.length, ends.length) ? ['Nothing was put to the test.'] : []),
  ];
  for (const fault of faults) console.log(`  FAILED: ${fault}`);
  return faults.length === 0;
}

async function main(): Promise<boolean> {
  const order = orderFrom(process.argv.slice(2));
  const folder = mkdtempSync(join(tmpdir(), 'netweave-live-'));
  const { seed, restarts, streams, requests } = order;
  console.log(`seed ${seed}: ${restarts} restarts under ${requests} requests/s and ${streams} streams; ${folder}`);
  setTimeout(() => {
    console.error(`FAILED: seed ${seed} did not end in ${limit / 1000} s; see ${folder}.`);
    process.exit(1); // children die with this process
  }, limit).unref();
  const lines: string[] = [];
  const log = (line: string) => void lines.push(`${new Date().toISOString()} ${line}`);
  const stage = await setStage({ folder, seed, gateways: 3, changesPerSecond: order.changes });
  const passed = await play(stage, order, log).then(report, (error: Error) => {
    console.log(`  FAILED: ${error.message}`);
    return false;
  });
  await stage.close();
  if (passed) rmSync(folder, { recursive: true });
  else {
    writeFileSync(join(folder, 'restarts.log'), `${lines.join('\n')}\n`);
    console.log(`  Repeat with --seed ${seed}; logs: ${folder}`);
  }
  return passed;
}

process.exit((await main()) ? 0 : 1);
