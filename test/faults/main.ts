import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { retryPolicy } from '#subscriptions/delivery/policy.js';
import { castIn, type Cast } from './cast.js';
import { check, owedCount, type Evidence } from './checker.js';
import { drawFrom } from './draw.js';
import { Emitter } from './emitter.js';
import { keepDeliveries } from './keep-deliveries.js';
import { unleash, type Nemesis } from './nemesis.js';
import { keepEvidence, report, type Result } from './report.js';
import { faultKinds, scheduleOf, type Fault, type FaultKind } from './schedule.js';
import { subscribeAll, subscriptions } from './subscribe.js';

// `npm run test:faults`: see readme.md.
const usage = 'npm run test:faults -- [--seed N] [--minutes 4] [--events 2000] [--faults 40] [--only KIND]';

/** Of the whole time: the rest is for starting, and for what is owed at the end. */
const partOfFaults = 0.6;
/** For which a callback is left alone that failed again and again, milliseconds. */
const longestPause = retryPolicy.pauses.at(-1)! * (1 + retryPolicy.jitter);
/** After everything was received: what should not come has the time to come. */
const listenOn = 3000;
/** Left for judging and closing. */
const reserve = 5000;

interface Order {
  readonly seed: number;
  readonly minutes: number;
  readonly events: number;
  readonly faults: number;
  readonly only?: FaultKind;
}

function orderFrom(args: readonly string[]): Order {
  const text = { type: 'string' } as const;
  const options = { seed: text, minutes: text, events: text, faults: text, only: text };
  const { values } = parseArgs({ args: [...args], options });
  const random = Math.floor(Math.random() * 2 ** 31);
  const order = {
    seed: Number(values.seed ?? random),
    minutes: Number(values.minutes ?? 4),
    events: Number(values.events ?? 2000),
    faults: Number(values.faults ?? 40),
  };
  const only = faultKinds.find((kind) => kind === values.only);
  if (values.only !== undefined && only === undefined)
    throw new RangeError(`--only is one of: ${faultKinds.join(', ')}.`);
  if (Object.values(order).some((each) => !Number.isFinite(each) || each < 0)) throw new RangeError(usage);
  return { ...order, ...(only && { only }) };
}

/** Changes things until all faults have struck and enough is owed, at an even pace. */
async function emit(emitter: Emitter, nemesis: Nemesis, { owed, of, span, until }: Pace): Promise<void> {
  const began = Date.now();
  let over = false;
  void nemesis.over.then(
    () => (over = true),
    () => (over = true), // told by whoever waits for it
  );
  while ((!over || owed() < of) && Date.now() < until) {
    const due = of * Math.min(1, (Date.now() - began) / span);
    if (owed() < due) await emitter.burst();
    // While faults last, there are changes, though enough may be owed.
    else await sleep(owed() < of ? 100 : 500).then(() => (owed() < of ? undefined : emitter.burst()));
  }
  await emitter.settled();
}

interface Pace {
  owed(): number;
  readonly of: number;
  readonly span: number;
  readonly until: number;
}

async function play(cast: Cast, order: Order, { faults, end, log }: Play): Promise<Result> {
  const { ledger, receipts, gateways } = cast;
  const evidence: Evidence = { interests: subscriptions, histories: ledger.histories, receipts };
  const emitter = new Emitter(cast, drawFrom(order.seed + 1));
  const nemesis = unleash(faults, { cast, emitter, log });
  const owed = () => owedCount(subscriptions, ledger.histories);
  await emit(emitter, nemesis, { owed, of: order.events, span: order.minutes * 60_000 * partOfFaults, until: end });
  await nemesis.over;
  log('everything is healed');
  while (Date.now() < end + longestPause && check(evidence).received < check(evidence).owed) await sleep(500);
  log('nothing is owed any more, or the time is up');
  await sleep(listenOn);
  return {
    verdict: check(evidence),
    evidence,
    struck: nemesis.struck,
    wanted: order.events,
    endings: gateways.endings,
  };
}

interface Play {
  readonly faults: readonly Fault[];
  /** When everything has been received, unless a callback that failed is left alone until its next attempt. */
  readonly end: number;
  readonly log: (line: string) => void;
}

async function main(): Promise<boolean> {
  const began = Date.now();
  const order = orderFrom(process.argv.slice(2));
  const limit = order.minutes * 60_000;
  const faults = scheduleOf(order.seed, { ...order, count: order.faults, span: limit * partOfFaults });
  const folder = mkdtempSync(join(tmpdir(), 'netweave-faults-'));
  console.log(
    `seed ${order.seed}: ${order.events} owed events under ${order.faults} faults, ${order.minutes} min; ${folder}`,
  );
  const log = (line: string) => appendFileSync(join(folder, 'faults.log'), `${new Date().toISOString()} ${line}\n`);
  // Whatever hangs: children die with this process.
  setTimeout(() => {
    console.error(`FAILED: seed ${order.seed} did not end in ${order.minutes} min and a pause; see ${folder}.`);
    process.exit(1);
  }, limit + longestPause).unref();
  const cast = await castIn(folder, drawFrom(order.seed + 2));
  await subscribeAll(cast);
  const result = await play(cast, order, { faults, log, end: began + limit - listenOn - reserve });
  const passed = report(result, order);
  if (!passed) {
    keepEvidence(folder, result.evidence, result.verdict);
    await keepDeliveries(folder, cast);
  }
  await cast.close();
  if (passed) rmSync(folder, { recursive: true });
  else console.log(`  Repeat with --seed ${order.seed}; logs and records: ${folder}`);
  return passed;
}

process.exit((await main()) ? 0 : 1);
