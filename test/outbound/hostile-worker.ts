import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { here, underTest } from './receiver.js';

/** What `node --expose-gc hostile-worker.js '<Work>'` does: in a process of its own, whose memory is nobody else's. */
export interface Work {
  readonly urls: readonly string[];
  readonly timeout: number;
  readonly rounds: number;
  /** Attempts at once at each. */
  readonly parallel: number;
}

/** What it prints. */
export interface Report {
  /** Attempts at each URL that did not end in time. */
  readonly late: readonly number[];
  readonly attempts: number;
  /** Bytes more: resident, the most of it while attempts were made, and what is held after a collection, on and off the heap. */
  readonly growth: { readonly resident: number; readonly held: number };
}

async function collected() {
  for (let each = 0; each < 3; each += 1) {
    globalThis.gc?.();
    await sleep(20);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, held: heapUsed + external };
}

/** How much later than its time-out an attempt may end, milliseconds. */
const grace = 1000;

/** By the timers of this process, which are late with everything else on a busy machine, and some turns of its loop. */
async function tooLong(milliseconds: number): Promise<true> {
  await sleep(milliseconds, undefined, { ref: false });
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  return true;
}

async function run({ urls, timeout, rounds, parallel }: Work): Promise<Report> {
  const client = underTest({ allow: [here] });
  const late = urls.map(() => 0);
  let attempts = 0;
  const attempt = async (url: string, at: number) => {
    const over = client.post(url, { body: '{}', timeout }).catch(() => undefined);
    const isLate = await Promise.race([over.then(() => false), tooLong(timeout + grace)]);
    if (isLate) late[at]! += 1;
    await over;
    attempts += 1;
  };
  const round = () => Promise.all(urls.flatMap((url, at) => Array.from({ length: parallel }, () => attempt(url, at))));
  // The first ones load what is needed and compile it.
  await round();
  await round();
  const before = await collected();
  let resident = 0;
  const look = () => (resident = Math.max(resident, process.memoryUsage.rss() - before.rss));
  const looking = setInterval(look, 10);
  for (let each = 0; each < rounds; each += 1) await round();
  clearInterval(looking);
  const held = (await collected()).held - before.held;
  look();
  client.close();
  return { late, attempts, growth: { resident, held } };
}

console.log(JSON.stringify(await run(JSON.parse(process.argv[2]!) as Work)));
