import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './alternate.js';
import { authorized, startDemonstration, type GatewayProcess, type Site } from './gateway-process.js';
import { inventory } from './inventory-client.js';
import { answerTo } from './recorded.js';
import type { Ask } from './wrk.js';

/** Milliseconds from the start of the demonstration to its first answer with all its pools. */
export function demonstrationStart(rounds: number): Promise<number> {
  return typical(rounds, startDemonstration, { path: `${inventory}/resourcePools` });
}

/**
 * Milliseconds from the start over a store that is there already to the first answer, which is for `path`: what the store holds,
 * named incomplete while backends are read anew.
 */
export function startFromStore(rounds: number, site: Site, path: string): Promise<number> {
  return typical(rounds, () => site.startGateway(), { path, headers: authorized }, true);
}

async function typical(
  rounds: number,
  start: () => Promise<GatewayProcess>,
  ask: Ask,
  incomplete = false,
): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    const gateway = await start();
    await firstAnswer(gateway.url, ask, incomplete);
    times.push(performance.now() - began);
    await gateway.stop();
  }
  return median(times);
}

/** Asks until something is found and, unless it may be `incomplete`, nothing is said to be missing. */
async function firstAnswer(url: string, ask: Ask, incomplete: boolean): Promise<void> {
  for (;;) {
    const { status, headers, body } = await answerTo(url, ask);
    if (status === 401) throw new Error(`${ask.path} needs another token.`);
    if (status === 200 && body.length > 2 && (incomplete || !headers.includes('X-Netweave-Incomplete'))) return;
    await sleep(5);
  }
}
