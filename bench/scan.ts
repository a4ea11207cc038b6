import { authorized } from './gateway-process.js';
import { resourceLists } from './inventory-client.js';
import { answerTo } from './recorded.js';
import { cpuTime } from './cpu.js';
import { percentile } from './paced.js';
import type { World } from './world.js';

export interface Scan {
  readonly objects: number;
  /** Server CPU per object looked at, nanoseconds. */
  readonly perObject: number;
  /** Milliseconds of other requests meanwhile. */
  readonly p99: number;
}

const rounds = 10;

/** Lists every resource by a filter without an index, through our own flat list, while others read one pool. */
export async function measureScan(world: World, objects: number): Promise<Scan> {
  const { url, pid } = world.gateway;
  const [pool] = await resourceLists(url);
  const other = pool!.replace(/\/resources$/, '');
  const scan = {
    path: `/netweave/v1/resources?filter=${encodeURIComponent('(cont,description,no such words)')}`,
    headers: authorized,
  };
  await answerTo(url, scan);
  const began = cpuTime(pid);
  for (let round = 0; round < rounds; round += 1) await answerTo(url, scan);
  const perObject = ((cpuTime(pid) - began) * 1000) / (rounds * objects);

  const times: number[] = [];
  let scanning = true;
  const scans = (async () => {
    for (let round = 0; round < rounds; round += 1) await answerTo(url, scan);
    scanning = false;
  })();
  while (scanning) {
    const asked = performance.now();
    await answerTo(url, { path: other, headers: authorized });
    times.push(performance.now() - asked);
  }
  await scans;
  return { objects, perObject, p99: percentile(times, 0.99) };
}
