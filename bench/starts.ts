import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './alternate.js';
import { authorized, startDemonstration, type GatewayProcess, type Site } from './gateway-process.js';
import { inventory } from './inventory-client.js';
import { answerTo } from './recorded.js';

/** Milliseconds from the start of the demonstration to its first answer with all its pools. */
export function demonstrationStart(rounds: number): Promise<number> {
  return typical(rounds, startDemonstration, `${inventory}/resourcePools`);
}

/** Milliseconds from the start over a store that is there already to the first answer, which is for `path`. */
export function startFromStore(rounds: number, site: Site, path: string): Promise<number> {
  return typical(rounds, () => site.startGateway(), path);
}

async function typical(rounds: number, start: () => Promise<GatewayProcess>, path: string): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    const gateway = await start();
    await firstAnswer(gateway.url, path);
    times.push(performance.now() - began);
    await gateway.stop();
  }
  return median(times);
}

/** Asks until something is found and nothing is said to be missing. */
async function firstAnswer(url: string, path: string): Promise<void> {
  for (;;) {
    const { status, headers, body } = await answerTo(url, { path, headers: authorized });
    if (status === 200 && body.length > 2 && !headers.includes('X-Netweave-Incomplete')) return;
    await sleep(5);
  }
}
