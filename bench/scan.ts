import { setTimeout as delay } from 'node:timers/promises';
import { median } from './alternate.js';
import { oneResource } from './cases/one-resource.js';
import { authorized, type GatewayProcess } from './gateway-process.js';
import type { Ask, Generator, Target } from './wrk.js';

export interface Scan {
  /** Server CPU per object looked at, nanoseconds; what a request costs besides is in it. */
  readonly perObject: number;
  /** Of other requests meanwhile, 50 at a time, milliseconds. */
  readonly p99: number;
}

// libuv accepts one connection of a socket in a turn of the loop: while the first 50 come, what is measured would be that.
const connecting = 300;

/** More than a run asks for: an answer that was given before would be no scan. */
const different = 10_000;

/**
 * One resource in five is spare, so that no block of rows is ruled out unseen; and none is and is not, so that none is found.
 * To look at one is to compare its description, wherever a copy of it stands (`src/inventory/columns.ts`).
 */
const scans: readonly Ask[] = Array.from({ length: different }, (_, n) => ({
  path: `/netweave/v1/resources?filter=(cont,description,spare);(ncont,description,spare,${n})`,
  headers: authorized,
}));

/** Looks through every resource by a filter without an index, again and again; then again while others read one resource. */
export async function measureScan(
  wrk: Generator,
  gateway: GatewayProcess,
  objects: number,
  rounds: number,
): Promise<Scan> {
  const scan: Target = { ...gateway, asks: scans, connections: 1 };
  const others: Target = { ...gateway, asks: await oneResource.asks(gateway.url) };
  const costs: number[] = [];
  const waits: number[] = [];
  await wrk.load(scan, 1);
  for (let round = 0; round < rounds; round += 1) {
    costs.push((await wrk.load(scan, 2)).cpu);
    const answered = wrk.load(others, 4);
    await delay(connecting);
    const scanning = wrk.load(scan, 4);
    waits.push((await answered).p99);
    await scanning;
  }
  return { perObject: (median(costs) * 1000) / objects, p99: median(waits) };
}
