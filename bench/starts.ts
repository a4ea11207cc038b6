import { memory } from './cpu.js';
import { authorized, site, startDemonstration, startOCloud } from './gateway-process.js';
import { inventory } from './inventory-client.js';
import { answerTo } from './recorded.js';

/** Milliseconds from the start of the process to its first answer from the inventory. */
export interface Starts {
  readonly demonstration: number;
  /** From a store that holds so many resources already. */
  readonly fromStore: number;
  readonly resources: number;
  /** Resident megabytes then. */
  readonly resident: number;
}

export async function measureStarts(resources: number, pools: number): Promise<Starts> {
  const demonstration = await timed(async () => {
    const gateway = await startDemonstration();
    await answerTo(gateway.url, { path: `${inventory}/resourcePools` });
    return gateway;
  });
  await demonstration.gateway.stop();
  const oCloud = await startOCloud(resources, pools);
  const place = await site(oCloud);
  const first = await place.startGateway();
  await first.synced;
  await first.stop();
  const again = await timed(async () => {
    const gateway = await place.startGateway();
    await answerTo(gateway.url, { path: `${inventory}/resourcePools`, headers: authorized });
    return gateway;
  });
  await again.gateway.synced;
  const { resident } = memory(again.gateway.pid);
  await again.gateway.stop();
  await oCloud.stop();
  await place.close();
  return { demonstration: demonstration.milliseconds, fromStore: again.milliseconds, resources, resident };
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly milliseconds: number; readonly gateway: T }> {
  const began = performance.now();
  const gateway = await work();
  return { milliseconds: performance.now() - began, gateway };
}
